#pragma once

// CORE. The text that a lambda is compiled from: the namespaces that it stood in, the headers that
// it needs. Plain functions; any thread.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/interpreter/source.hpp"
#include "shared/lambda_source.hpp"

namespace roundhouse::engine::interpreter {

// The named scopes around what typeid calls `place`, from the outermost: {"app", "Server"} for a
// closure in app::Server::run(). Without unnamed namespaces, of which nothing needs to be said.
[[nodiscard]] std::vector<std::string> scopes_of(std::string_view place);

// Lines that include what the words of these texts say: headers of the standard library, and
// Roundhouse's, but for those in `known`, which they are added to.
[[nodiscard]] std::string includes_for(const std::vector<std::string_view>& texts,
                                       std::set<std::string, std::less<>>& known);

// All of the context, each part in its namespace, its lines called what they are to the client.
[[nodiscard]] std::string context_text(const std::vector<wire::SourceText>& context);

// `before` + the lambda + `after`, in the innermost namespace of it that the context has.
[[nodiscard]] std::string lambda_text(const wire::LambdaSource& source, const std::string& before,
                                      const std::string& after);

// What a compiler's message lets people know who cannot see that only a part of the program is
// there: empty, or a text to follow it.
[[nodiscard]] std::string advice_on(std::string_view message);

}  // namespace roundhouse::engine::interpreter
