#pragma once

// SHELL. UsualResult: memory for what a function of a usual type returns. Thread rule: one thread.

#include <new>
#include <string>

#include "engine/interpreter/usual_types.hpp"
#include <roundhouse/arguments.hpp>

namespace roundhouse::engine::interpreter {

class UsualResult {
 public:
  // Null: the function returns nothing.
  explicit UsualResult(const UsualType* type)
      : type_(type), memory_(type == nullptr ? nullptr : ::operator new(type->object->size)) {}

  UsualResult(const UsualResult&) = delete;
  UsualResult& operator=(const UsualResult&) = delete;

  ~UsualResult() {
    if (is_made_) {
      type_->object->destroy(memory_);
    } else {
      ::operator delete(memory_);
    }
  }

  [[nodiscard]] void* memory() { return memory_; }

  // Of what has been made there.
  void encode(Encoded& out) {
    if (type_ == nullptr) {
      encode_no_result(out);
      return;
    }
    is_made_ = true;
    std::string problem;
    if (!type_->object->encode(memory_, out, problem)) throw SerializationError(problem);
  }

 private:
  const UsualType* type_;
  void* memory_;
  bool is_made_ = false;
};

}  // namespace roundhouse::engine::interpreter
