#include "engine/interpreter/usual_types.hpp"

#include <map>
#include <type_traits>
#include <typeinfo>

#include "engine/interpreter/interpreted.hpp"
#include <roundhouse/this_engine.hpp>

namespace roundhouse::engine::interpreter {

namespace {

using Table = std::map<std::string_view, UsualType>;

template <class T>
void add(Table& table) {
  static_assert(interpreted::kUsual<T>);
  table[typeid(T).name()] = {&detail::object_type<T>(), [](const void* object) {
                               std::string out;
                               interpreted::show(out, *static_cast<const T*>(object));
                               return out;
                             }};
}

template <class... T>
void add_scalars(Table& table, interpreted::Types<T...>) {
  (add<T>(table), ...);
  (add<std::vector<T>>(table), ...);
}

Table make_table() {
  Table out;
  add_scalars(out, interpreted::Scalars{});
  add<std::vector<std::vector<double>>>(out);
  add<std::vector<std::vector<int>>>(out);
  add<std::vector<std::vector<std::string>>>(out);
  add<std::map<std::string, std::string>>(out);
  add<std::map<std::string, int>>(out);
  add<std::map<std::string, double>>(out);
  return out;
}

}  // namespace

const UsualType* find_usual_type(std::string_view exact) {
  static const Table table = make_table();
  const auto found = table.find(exact);
  return found == table.end() ? nullptr : &found->second;
}

}  // namespace roundhouse::engine::interpreter
