// Calls compiled forests in a loop, so that no Python runs between two calls.

#include <stddef.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

// lleaves: row-major rows, `total` distinct first rows, `size` bytes per value. Returns seconds.
double time_lleaves(void (*predict)(const void *, void *, int, int), const char *rows, int width,
                    int size, int total, int rows_per_call, int calls, void *answers) {
    int first = 0;
    double start = now();
    for (int call = 0; call < calls; call++) {
        predict(rows + (size_t)first * width * size, answers, 0, rows_per_call);
        first = (first + rows_per_call) % total;
    }
    return now() - start;
}

// tl2cgen: its function takes one row, which it may change, and adds to the prediction. An entry
// has `size` bytes.
double time_tl2cgen(void (*predict)(void *, int, void *), const char *rows, int width, int size,
                    int total, int rows_per_call, int calls, char *answers, int answer_size) {
    _Alignas(16) char row[1024];
    int first = 0;
    double start = now();
    for (int call = 0; call < calls; call++) {
        for (int index = 0; index < rows_per_call; index++) {
            memcpy(row, rows + (size_t)(first + index) * width * size, (size_t)width * size);
            memset(answers + (size_t)index * answer_size, 0, answer_size);
            predict(row, 0, answers + (size_t)index * answer_size);
        }
        first = (first + rows_per_call) % total;
    }
    return now() - start;
}
