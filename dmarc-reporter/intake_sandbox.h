/* intake_sandbox.h - limits that the program puts on itself
 *
 * Foreign bytes are read in a child process (intake_cell.h), which can then do
 * nothing but compute, read files and write to its pipe.
 */
#ifndef DMARC_REPORTER_INTAKE_SANDBOX_H
#define DMARC_REPORTER_INTAKE_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

struct why;

/* Of the child: far above what the largest report needs. */
#define INTAKE_MEMORY_BYTES (512u << 20)
#define INTAKE_CPU_S 60
#define INTAKE_WALL_S 120

/* For the whole program: no new privileges by way of execve, no core files,
 * few open files, no file larger than `file_bytes`. */
bool intake_sandbox_program(uint64_t file_bytes, struct why *why);

/* For a process that reads: INTAKE_MEMORY_BYTES of memory, INTAKE_CPU_S of
 * processor time, no new process, no network, no other program, no looking
 * into other processes; unless `writes_files`, no writing to files. */
bool intake_sandbox_reader(bool writes_files, struct why *why);

#endif
