/* SPDX-License-Identifier: Apache-2.0 */
/* Rows summed into a label set: begin, add each row of a report, end. */
#ifndef connscope_PROM_SERIES_H
#define connscope_PROM_SERIES_H

struct prom_series;
struct row_sum;

void prom_series__begin(struct prom_series *series);
void prom_series__add(struct prom_series *series, const struct row_sum *sum);
/* From here on what is exported is that of the newest report, or what was more before. */
void prom_series__end(struct prom_series *series);

/* Frees the distributions. */
void prom_series__done(struct prom_series *series);

#endif /* connscope_PROM_SERIES_H */
