#ifndef CSTORESKERNELS_H
#define CSTORESKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The inner loops of the in-memory vector store.
//
// A float32 lies in two planes of 16 bits. The high plane is the number rounded to the nearest bfloat16, halves away
// from zero: bits 16 to 31, plus bit 15. The low plane is bits 0 to 15. Together they give the float32 bit for bit.

/// Instructions that a kernel is compiled for.
typedef enum __attribute__((enum_extensibility(closed))) {
    /// What the compiler may assume of every processor of the architecture, as SSE2 or NEON.
    StoresKernelBaseline = 0,
    StoresKernelAVX2 = 1,
    StoresKernelAVX512 = 2,
} StoresKernel;

/// Whether this processor, with its operating system, has the instructions.
bool stores_kernel_is_available(StoresKernel kernel);

/// Writes a vector to its two planes.
void stores_split(const float *vector, size_t dimensions, uint16_t *high, uint16_t *low);

/// Writes the vector of two planes.
void stores_join(const uint16_t *high, const uint16_t *low, size_t dimensions, float *vector);

/// The dot products, in float32, of rows of the high plane with the query.
///
/// @param kernel One that is available.
/// @param rows The high plane: row r starts at rows + r * dimensions.
/// @param chosen The numbers of the rows wanted, or NULL for the first `count`.
/// @param products Room for `count`.
void stores_dots(
    StoresKernel kernel, const uint16_t *rows, const int32_t *chosen, size_t count, const float *query,
    size_t dimensions, float *products);

/// Sums in double precision, which no float32 overflows. They are the same on every processor.
typedef struct {
    double product;
    double squared_length;
    double squared_distance;
} StoresSums;

/// Of the vector of two planes and the query: a · q, |a|² and |a − q|².
StoresSums stores_sums(const uint16_t *high, const uint16_t *low, const float *query, size_t dimensions);

/// |a|², and |a − ã|² where ã is the high plane of a. Infinite when ã is.
typedef struct {
    double squared_length;
    double squared_error;
} StoresRounding;

StoresRounding stores_rounding(const float *vector, size_t dimensions);

#endif
