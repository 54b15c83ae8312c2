#include <roundhouse/map_call.hpp>
#include <roundhouse/result_type.hpp>

namespace roundhouse::detail {

std::string result_type_problem(std::string_view function, std::string_view signature,
                                const ResultType& wanted) {
  if (wanted.name.empty() || !signature.starts_with('F')) return {};
  const auto [kind, name] = split_kind(function);
  const bool list = kind == CallKind::map;
  // What a function returns comes first in its name, and no type's name is the beginning of
  // another's.
  const std::string_view returns = signature.substr(1);
  const std::string_view type = list ? wanted.element : wanted.name;
  if (!type.empty() && returns.starts_with(type)) return {};
  std::string out = quoted(name) + " " + readable_signature(signature);
  if (list) out += ", and was called for each element of a list, whose results are one std::vector";
  return out + "; its result was asked for as a " + readable_type(wanted.name);
}

}  // namespace roundhouse::detail
