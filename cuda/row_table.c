/// The launchers of all row functions in the order of kernels/list.h.
#include "kernels.h"
#include "list.h"

#define X(name, grain) cuda_rows_launch name##_launch;
KERNEL_LIST(X)
#undef X

cuda_rows_launch *const cuda_rows[] = {
#define X(name, grain) name##_launch,
    KERNEL_LIST(X)
#undef X
};

const char *const cuda_row_names[] = {
#define X(name, grain) #name,
    KERNEL_LIST(X)
#undef X
};
