/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT, SIGTERM and SIGHUP ask for an orderly end; the second of them ends the process at once.
 */
#ifndef connscope_STOP_H
#define connscope_STOP_H

/* To be called before anything that takes long; sees to SIGPIPE and SIGCHLD as well. */
void stop_catch(void);
/* From here on the second is as the first: something must be given back, such as a screen. */
void stop_be_patient(void);
/* The signal that came, or 0. */
int stop_asked(void);

#endif /* connscope_STOP_H */
