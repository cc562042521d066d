/* SPDX-License-Identifier: Apache-2.0 */
/* The traced COMMAND: start, signal, wait. */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "log.h"

static void run_child(char **argv, int report_fd)
{
	int err;

	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	err = errno;
	if (write(report_fd, &err, sizeof(err)) != sizeof(err))
		_exit(COMMAND_NOT_EXECUTABLE);
	_exit(err == ENOENT ? COMMAND_NOT_FOUND : COMMAND_NOT_EXECUTABLE);
}

static void forget(struct command *command)
{
	if (command->pidfd >= 0)
		close(command->pidfd);
	command->pid = 0;
}

int command__start(struct command *command, char **argv)
{
	auto_close int parent_end = -1;
	int ends[2], err = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return log_err(-errno, "cannot make a pipe");
	parent_end = ends[0];
	pid = fork();
	if (pid < 0) {
		err = -errno;
		close(ends[1]);
		return log_err(err, "cannot fork");
	}
	if (!pid)
		run_child(argv, ends[1]);
	close(ends[1]);
	command->pid = pid;
	/* No wrapper before glibc 2.36. */
	command->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	/* End of file: execve(2) has closed the other end. */
	if (read(parent_end, &err, sizeof(err)) != sizeof(err))
		return 0;
	waitpid(pid, NULL, 0);
	forget(command);
	command->status = err == ENOENT ? COMMAND_NOT_FOUND : COMMAND_NOT_EXECUTABLE;
	return log_err(-err, "cannot run %s", argv[0]);
}

bool command__is_running(struct command *command)
{
	int status = 0;
	pid_t ended;

	if (!command->pid)
		return false;
	ended = waitpid(command->pid, &status, WNOHANG);
	if (!ended)
		return true;
	forget(command);
	if (ended < 0)
		return false;
	command->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return false;
}

int command__fd(const struct command *command)
{
	return command->pid ? command->pidfd : -1;
}
