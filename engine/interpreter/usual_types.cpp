#include "engine/interpreter/usual_types.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <type_traits>
#include <typeinfo>

#include "engine/interpreter/interpreted.hpp"
#include <roundhouse/arguments.hpp>
#include <roundhouse/parameter.hpp>
#include <roundhouse/this_engine.hpp>

namespace roundhouse::engine::interpreter {

namespace {

using Table = std::map<std::string_view, UsualType>;

template <class T>
class UsualArgument final : public Argument {
 public:
  void read(detail::Decoder& in, std::size_t number, std::size_t count) override {
    value_.read(in, number, count);
  }

  [[nodiscard]] void* object() override { return &value_.pass(); }

 private:
  detail::Parameter<T&> value_;
};

template <class T>
class UsualArguments final : public ArgumentList {
 public:
  void read(detail::Decoder& in, std::size_t number, std::size_t count) override {
    values_.read(in, number, count);
    if constexpr (std::is_same_v<T, bool>) {
      flags_ = std::make_unique<bool[]>(values_.size());
      for (std::size_t i = 0; i < values_.size(); ++i) flags_[i] = values_.pass(i);
    }
  }

  [[nodiscard]] std::size_t size() const override { return values_.size(); }

  [[nodiscard]] const void* array() override {
    if (values_.size() == 0) return nullptr;
    if constexpr (std::is_same_v<T, bool>) {
      return flags_.get();
    } else {
      return std::addressof(values_.pass(0));
    }
  }

 private:
  detail::ParameterList<const T&> values_;
  std::unique_ptr<bool[]> flags_;
};

template <class T>
class UsualResults final : public ResultList {
 public:
  explicit UsualResults(std::size_t count) : values_(count) {
    if constexpr (std::is_same_v<T, bool>) flags_ = std::make_unique<bool[]>(count);
  }

  [[nodiscard]] void* array() override {
    if constexpr (std::is_same_v<T, bool>) {
      return flags_.get();
    } else {
      return values_.data();
    }
  }

  void encode(Encoded& out) override {
    if constexpr (std::is_same_v<T, bool>)
      std::copy_n(flags_.get(), values_.size(), values_.begin());
    encode_result(out, std::move(values_));
  }

 private:
  std::vector<T> values_;
  std::unique_ptr<bool[]> flags_;
};

template <class T>
UsualType describe() {
  static_assert(interpreted::kUsual<T>);
  UsualType out;
  out.object = &detail::object_type<T>();
  out.show = [](const void* object) {
    std::string text;
    interpreted::show(text, *static_cast<const T*>(object));
    return text;
  };
  out.argument = []() -> std::unique_ptr<Argument> { return std::make_unique<UsualArgument<T>>(); };
  out.arguments = []() -> std::unique_ptr<ArgumentList> {
    return std::make_unique<UsualArguments<T>>();
  };
  out.list = []() -> std::unique_ptr<Argument> {
    return std::make_unique<UsualArgument<std::vector<T>>>();
  };
  out.size_of_list = [](const void* list) {
    return static_cast<const std::vector<T>*>(list)->size();
  };
  out.results = [](std::size_t count) -> std::unique_ptr<ResultList> {
    return std::make_unique<UsualResults<T>>(count);
  };
  out.assign = [](void* object, const Encoded& value) {
    *static_cast<T*>(object) = decode_result<T>(value.body, value.frames, "value");
  };
  return out;
}

template <class T>
void add(Table& table) {
  table[typeid(T).name()] = describe<T>();
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
