#include "CStoresKernels.h"

#include <string.h>

// Vectors of the compiler's own, which it maps to the registers that there are. They pass between inlined functions
// alone, so no calling convention matters.
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))

typedef float Floats __attribute__((vector_size(64)));
typedef float Floats8 __attribute__((vector_size(32)));
typedef float Floats4 __attribute__((vector_size(16)));
typedef double Doubles __attribute__((vector_size(64)));
typedef uint32_t Words __attribute__((vector_size(64)));
typedef uint32_t Words8 __attribute__((vector_size(32)));
typedef uint16_t Halves __attribute__((vector_size(32)));
typedef uint16_t Halves8 __attribute__((vector_size(16)));

INLINE float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

INLINE uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

// The planes

INLINE uint16_t high_of(float value) { return (uint16_t)((bits_of(value) + 0x8000) >> 16); }

/// What bit 15 had carried into the high plane is taken back.
INLINE float joined(uint16_t high, uint16_t low) {
    return float_of((uint32_t)(uint16_t)(high - (low >> 15)) << 16 | low);
}

void stores_split(const float *vector, size_t dimensions, uint16_t *high, uint16_t *low) {
    for (size_t i = 0; i < dimensions; i++) {
        high[i] = high_of(vector[i]);
        low[i] = (uint16_t)bits_of(vector[i]);
    }
}

void stores_join(const uint16_t *high, const uint16_t *low, size_t dimensions, float *vector) {
    for (size_t i = 0; i < dimensions; i++) vector[i] = joined(high[i], low[i]);
}

StoresRounding stores_rounding(const float *vector, size_t dimensions) {
    StoresRounding sums = {0, 0};
    for (size_t i = 0; i < dimensions; i++) {
        double value = vector[i];
        double error = value - (double)float_of((uint32_t)high_of(vector[i]) << 16);
        sums.squared_length += value * value;
        sums.squared_error += error * error;
    }
    return sums;
}

// The scan of the high plane

enum { lanes = 16, together = 4 };

/// Four rows at a time: their sums do not wait for each other, and a load of the query serves all.
INLINE void dots_together(
    const uint16_t *const *rows, int count, const float *query, size_t dimensions, float *products) {
    Floats sums[together] = {0};
    size_t place = 0;
    for (; place + lanes <= dimensions; place += lanes) {
        Floats part;
        memcpy(&part, query + place, sizeof part);
        for (int row = 0; row < count; row++) {
            Halves halves;
            memcpy(&halves, rows[row] + place, sizeof halves);
            // A bfloat16 is the upper half of a float32.
            sums[row] += (Floats)(__builtin_convertvector(halves, Words) << 16) * part;
        }
    }
    for (int row = 0; row < count; row++) {
        Floats x = sums[row];
        Floats8 a = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7)
            + __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
        Floats4 b = __builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7);
        products[row] = (b[0] + b[2]) + (b[1] + b[3]);
        for (size_t last = place; last < dimensions; last++) {
            products[row] += float_of((uint32_t)rows[row][last] << 16) * query[last];
        }
    }
}

/// The rows that go together are far apart, so that each is a stream of its own to the prefetcher.
INLINE void dots(
    const uint16_t *rows, const int32_t *chosen, size_t count, const float *query, size_t dimensions,
    float *products) {
    size_t apart = count / together;
    const uint16_t *starts[together];
    float sums[together];
    for (size_t row = 0; row < apart; row++) {
        for (size_t i = 0; i < together; i++) {
            size_t place = row + i * apart;
            starts[i] = rows + (chosen ? (size_t)chosen[place] : place) * dimensions;
        }
        dots_together(starts, together, query, dimensions, sums);
        for (size_t i = 0; i < together; i++) products[row + i * apart] = sums[i];
    }
    for (size_t row = apart * together; row < count; row++) {
        starts[0] = rows + (chosen ? (size_t)chosen[row] : row) * dimensions;
        dots_together(starts, 1, query, dimensions, products + row);
    }
}

#define KERNEL(name, attribute) \
    attribute static void name( \
        const uint16_t *rows, const int32_t *chosen, size_t count, const float *query, size_t dimensions, \
        float *products) { \
        dots(rows, chosen, count, query, dimensions, products); \
    }

KERNEL(dots_baseline, )

#if defined(__x86_64__)
KERNEL(dots_avx2, __attribute__((target("avx2,fma"))))
KERNEL(dots_avx512, __attribute__((target("avx512f"))))
#endif

bool stores_kernel_is_available(StoresKernel kernel) {
    if (kernel == StoresKernelBaseline) return true;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (kernel == StoresKernelAVX2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (kernel == StoresKernelAVX512) return __builtin_cpu_supports("avx512f");
#endif
    return false;
}

void stores_dots(
    StoresKernel kernel, const uint16_t *rows, const int32_t *chosen, size_t count, const float *query,
    size_t dimensions, float *products) {
#if defined(__x86_64__)
    if (kernel == StoresKernelAVX512) return dots_avx512(rows, chosen, count, query, dimensions, products);
    if (kernel == StoresKernelAVX2) return dots_avx2(rows, chosen, count, query, dimensions, products);
#endif
    dots_baseline(rows, chosen, count, query, dimensions, products);
}

// The last word

StoresSums stores_sums(const uint16_t *high, const uint16_t *low, const float *query, size_t dimensions) {
    // A fused multiply-add would round another way where there is one.
#pragma clang fp contract(off)
    enum { width = 8 };
    Doubles products = {0}, lengths = {0}, distances = {0};
    size_t place = 0;
    for (; place + width <= dimensions; place += width) {
        Halves8 upper, lower;
        Floats8 part;
        memcpy(&upper, high + place, sizeof upper);
        memcpy(&lower, low + place, sizeof lower);
        memcpy(&part, query + place, sizeof part);
        upper -= lower >> 15;
        Words8 bits = __builtin_convertvector(upper, Words8) << 16 | __builtin_convertvector(lower, Words8);
        Doubles a = __builtin_convertvector((Floats8)bits, Doubles), q = __builtin_convertvector(part, Doubles);
        products += a * q;
        lengths += a * a;
        distances += (a - q) * (a - q);
    }
    StoresSums sums = {0, 0, 0};
    for (int lane = 0; lane < width; lane++) {
        sums.product += products[lane];
        sums.squared_length += lengths[lane];
        sums.squared_distance += distances[lane];
    }
    for (; place < dimensions; place++) {
        double a = joined(high[place], low[place]), q = query[place];
        sums.product += a * q;
        sums.squared_length += a * a;
        sums.squared_distance += (a - q) * (a - q);
    }
    return sums;
}
