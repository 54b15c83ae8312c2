// std::variant as msgpack: a list of the number of the alternative, from 0, and its value.
// std::monostate is nil.
//
// For serialize.hpp. Thread rule: plain functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>

#include <roundhouse/serialize.hpp>

namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
  namespace adaptor {

  template <>
  struct pack<std::monostate> {
    template <class Stream>
    packer<Stream>& operator()(packer<Stream>& out, std::monostate) const {
      return out.pack_nil();
    }
  };

  template <>
  struct convert<std::monostate> {
    const msgpack::object& operator()(const msgpack::object& from, std::monostate&) const {
      if (from.type != msgpack::type::NIL) throw msgpack::type_error();
      return from;
    }
  };

  template <class... T>
  struct pack<std::variant<T...>> {
    template <class Stream>
    packer<Stream>& operator()(packer<Stream>& out, const std::variant<T...>& value) const {
      out.pack_array(2);
      out.pack_uint64(value.index());
      std::visit([&out](const auto& alternative) { out.pack(alternative); }, value);
      return out;
    }
  };

  template <class... T>
  struct convert<std::variant<T...>> {
    const msgpack::object& operator()(const msgpack::object& from, std::variant<T...>& to) const {
      if (from.type != msgpack::type::ARRAY || from.via.array.size != 2)
        throw msgpack::type_error();
      const auto index = from.via.array.ptr[0].as<std::uint64_t>();
      if (index >= sizeof...(T)) throw msgpack::type_error();
      emplace(to, static_cast<std::size_t>(index), from.via.array.ptr[1],
              std::index_sequence_for<T...>());
      return from;
    }

   private:
    template <std::size_t... I>
    static void emplace(std::variant<T...>& to, std::size_t index, const msgpack::object& value,
                        std::index_sequence<I...>) {
      static_cast<void>(((I == index && (value.convert(to.template emplace<I>()), true)) || ...));
    }
  };

  }  // namespace adaptor
}
}  // namespace msgpack
