/* SPDX-License-Identifier: Apache-2.0 */
/* Texts with facts in them. */
#ifndef connscope_PROSE_H
#define connscope_PROSE_H

struct facts;

/*
 * TEXT with each {key} replaced by that fact, "?" where it is not known, and {key|thing|things} by
 * that fact and the word that suits it. A part in brackets, which do not nest, is left out where
 * one of its facts is not known; the brackets go. The caller frees; NULL when out of memory.
 */
char *prose_format(const char *text, const struct facts *facts);

#endif /* connscope_PROSE_H */
