#pragma once

// Statements that Clang 19 cannot parse as it parses others between inputs.

#include <optional>

#include <clang/Parse/Parser.h>

namespace roundhouse::engine::interpreter {

// Parses what comes next if it is such a statement; none if it is not, or is a declaration.
[[nodiscard]] std::optional<clang::Parser::DeclGroupPtrTy> parse_special_statement(
    clang::Parser& parser, clang::Sema& sema);

}  // namespace roundhouse::engine::interpreter
