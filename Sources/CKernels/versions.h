#pragma once
// A version of a function for each instruction set, chosen by the loader: for code in which no instruction rounds
// differently on different processors.
#if defined(__x86_64__) && defined(__linux__)
#define WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WIDEST
#endif
