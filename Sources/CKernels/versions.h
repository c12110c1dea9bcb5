#pragma once
// A version of a function for each instruction set, chosen by the loader: for code in which no instruction rounds
// differently on different processors. The loader chooses before the thread sanitizer has begun, which ends a process there: then one
// version must do.
#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
#define WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WIDEST
#endif
