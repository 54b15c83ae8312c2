// rh::BufferTraits: how a type of yours says which memory it has, to travel without being copied.
//
//   struct Shape {                                   // anything that serialize.hpp can pack
//     std::size_t rows = 0;
//     std::size_t columns = 0;
//     MSGPACK_DEFINE(rows, columns)
//   };
//
//   class Matrix {                                   // yours, or of a library
//    public:
//     Matrix(Shape shape, std::vector<double> cells);
//     const Shape& shape() const;
//     const std::vector<double>& cells() const;
//   };
//
//   template <>
//   struct roundhouse::BufferTraits<Matrix> {        // beside the class, in its header
//     static Shape head(const Matrix& matrix) { return matrix.shape(); }
//     static std::span<const double> buffers(const Matrix& matrix) { return matrix.cells(); }
//     static Matrix make(Shape shape, const rh::Array<double>& cells) {
//       if (cells.size() != shape.rows * shape.columns) throw std::runtime_error("...");
//       return Matrix(shape, {cells.begin(), cells.end()});
//     }
//   };
//
//   view.apply_async(invert, std::move(matrix));     // its cells are sent as they are
//
// `buffers` gives one std::span, std::string_view or rh::Array of elements (element.hpp), or a
// std::tuple of several. An rvalue is kept alive until its buffers are sent, an lvalue's are copied
// unless they are rh::Arrays or it is passed as rh::borrow(x). `make` gets the head and one
// rh::Array per buffer, views of what came; keep an Array in the class and receiving copies nothing
// either. The bytes come from outside: check what must fit together, and throw. Such a type may be
// an argument, a result, named data, an element of a std::vector and a member of a struct with
// MSGPACK_DEFINE (then it must be default-constructible, and is copied when it is sent).
#pragma once

#include <type_traits>
#include <utility>

namespace roundhouse {

// To be specialised.
template <class T>
struct BufferTraits {};

template <class T>
concept HasBuffers = requires(const T& value) {
  BufferTraits<T>::head(value);
  BufferTraits<T>::buffers(value);
};

}  // namespace roundhouse
