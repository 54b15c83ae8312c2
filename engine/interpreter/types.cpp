#include "engine/interpreter/types.hpp"

#include <mutex>
#include <utility>
#include <vector>

#include "engine/interpreter/usual_types.hpp"

namespace roundhouse::engine::interpreter {

namespace {

// Of what a compiler says about the code that packs a type, what is for people.
std::string reason_of(const std::string& error) {
  constexpr std::string_view kAssertion = "static assertion failed";
  const std::size_t assertion = error.find(kAssertion);
  const std::size_t text = error.find("': ", assertion);
  if (text != std::string::npos && assertion != std::string::npos) return error.substr(text + 3);
  if (error.find(".hpp:") == std::string::npos) return error;  // not about the type
  return "nothing says how: a struct says MSGPACK_DEFINE, an enumeration MSGPACK_ADD_ENUM";
}

}  // namespace

const ObjectType* KnownTypes::find(const std::string& type, const std::string& spelled,
                                   std::string& problem) {
  if (const UsualType* usual = find_usual_type(type)) return usual->object;
  if (const auto known = compiled_.find(type); known != compiled_.end())
    return &known->second->object;
  const std::string symbol = "rh_type_" + std::to_string(compiled_.size());
  // The headers cost a second the first time.
  using Get = const ObjectType* (*)();
  const auto get = reinterpret_cast<Get>(unit_.function(
      "#include <roundhouse/this_engine.hpp>\nextern \"C\" const ::roundhouse::ObjectType* " +
          symbol + "() {\n  return &::roundhouse::detail::object_type<std::remove_cvref_t<" +
          spelled + ">>();\n}",
      symbol, problem));
  if (get == nullptr) {
    problem = reason_of(problem);
    return nullptr;
  }
  auto compiled = std::make_unique<Compiled>();
  compiled->code = unit_.jit();
  try {
    compiled->object = *get();
  } catch (const std::exception& without_name) {
    problem = without_name.what();
    return nullptr;
  }
  // A type that was declared anew travels as what it was before.
  compiled->packed = without_tags(compiled->object.packed);
  compiled->object.packed = compiled->packed;
  // Never destroyed, not even at the end of the program: values of the namespace need them to die.
  static auto* const kept = new std::vector<std::unique_ptr<Compiled>>;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  compiled_[type] = kept->emplace_back(std::move(compiled)).get();
  return &compiled_[type]->object;
}

}  // namespace roundhouse::engine::interpreter
