/// How many processors this process may use.
#ifndef THRONG_BASE_PROCESSORS_H
#define THRONG_BASE_PROCESSORS_H

/// The processors of the process's affinity (taskset, cpusets), or fewer where a control group's
/// quota grants less time than that many would use (containers), rounded up; at least 1.
int processors_usable(void);

/// The quota of a control group in processors, rounded up, from the text of its `cpu.max` ("200000
/// 100000"); 0 where there is none ("max 100000") or the text is something else.
int processors_of_quota(const char *cpu_max);

#endif
