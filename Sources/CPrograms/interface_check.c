// Where GLPK's header is installed: what glpk_interface.h says of it is so.
#if __has_include(<glpk.h>)
#include <glpk.h>
#include <stddef.h>
#include "glpk_interface.h"

#define SAME(a, b) _Static_assert((a) == (b), "GLPK's header disagrees")
SAME(MINIMIZE, GLP_MIN);
SAME(MAXIMIZE, GLP_MAX);
SAME(FREE, GLP_FR);
SAME(LOWER, GLP_LO);
SAME(UPPER, GLP_UP);
SAME(DOUBLE, GLP_DB);
SAME(FIXED, GLP_FX);
SAME(CONTINUOUS, GLP_CV);
SAME(INTEGER, GLP_IV);
SAME(BASIC, GLP_BS);
SAME(AT_LOWER, GLP_NL);
SAME(AT_UPPER, GLP_NU);
SAME(AT_FREE, GLP_NF);
SAME(AT_FIXED, GLP_NS);
SAME(NO_FEASIBLE, GLP_NOFEAS);
SAME(OPTIMAL, GLP_OPT);
SAME(UNBOUNDED, GLP_UNBND);
SAME(SCALE_AUTO, GLP_SF_AUTO);
SAME(PRIMAL, GLP_PRIMAL);
SAME(DUAL, GLP_DUAL);
SAME(LARGEST, GLP_PT_STD);
SAME(STEEPEST_EDGE, GLP_PT_PSE);
SAME(TEXTBOOK, GLP_RT_STD);
SAME(HARRIS, GLP_RT_HAR);
SAME(offsetof(simplex_parameters, iteration_limit), offsetof(glp_smcp, it_lim));
SAME(STEPS_USED_UP, GLP_EITLIM);
SAME(NO_PRIMAL_FEASIBLE, GLP_ENOPFS);
SAME(NO_DUAL_FEASIBLE, GLP_ENODFS);
SAME(MESSAGES_ON, GLP_MSG_ON);
SAME(MESSAGES_ALL, GLP_MSG_ALL);
SAME(offsetof(simplex_parameters, method), offsetof(glp_smcp, meth));
SAME(offsetof(simplex_parameters, output_frequency), offsetof(glp_smcp, out_frq));
SAME(offsetof(simplex_parameters, presolve), offsetof(glp_smcp, presolve));
SAME(offsetof(integer_parameters, output_frequency), offsetof(glp_iocp, out_frq));
SAME(offsetof(integer_parameters, callback), offsetof(glp_iocp, cb_func));
_Static_assert(sizeof(simplex_parameters) >= sizeof(glp_smcp), "GLPK's parameters need more room");
_Static_assert(sizeof(integer_parameters) >= sizeof(glp_iocp), "GLPK's parameters need more room");
#endif
