// What execute and run have that is no template.
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <roundhouse/source.hpp>

namespace roundhouse::detail {

std::string read_source(const std::string& path) {
  const auto fail = [&](int why) {
    throw Exception(Errc::io_failed, "cannot read '" + path + "': " + std::strerror(why));
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) fail(EISDIR);
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(errno);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Encoded encode_source(std::string_view code, std::string_view file, bool is_program) {
  return encode_values(code, file, is_program);
}

}  // namespace roundhouse::detail
