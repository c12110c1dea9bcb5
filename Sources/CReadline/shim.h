// readline's headers use FILE without including stdio.
#include <stdio.h>
#include <readline/readline.h>
#include <readline/history.h>
#include <wchar.h>
// Readline's own measure of characters, which Swift's platform module leaves out on Linux.
int wcwidth(wchar_t character);
