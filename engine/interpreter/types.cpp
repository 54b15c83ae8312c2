#include "engine/interpreter/types.hpp"

#include <mutex>
#include <utility>
#include <vector>

#include "engine/interpreter/usual_types.hpp"

namespace roundhouse::engine::interpreter {

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
  if (get == nullptr) return nullptr;
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
