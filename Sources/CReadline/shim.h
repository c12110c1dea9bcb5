// readline's headers use FILE without including stdio.
#include <stdio.h>
#include <readline/readline.h>
#include <readline/history.h>
