#include "shared/connection_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "shared/fd.hpp"
#include "shared/protocol_version.hpp"

namespace roundhouse {

namespace {

using Json = nlohmann::json;

constexpr const char* kMarker = "roundhouse connection file";

Error os_error(const std::string& what, int number) {
  const bool denied = number == EACCES || number == EPERM || number == EROFS || number == ELOOP;
  return {denied ? Errc::permission : Errc::io_failed, what + ": " + std::strerror(number)};
}

std::string to_text(const ConnectionInfo& info) {
  Json json{{"kind", kMarker},
            {"role", std::string(to_string(info.role))},
            {"cluster", info.cluster},
            {"protocol", {{"major", info.protocol_major}, {"minor", info.protocol_minor}}},
            {"version", info.library_version},
            {"hub_pid", info.hub_pid},
            {"hub_host", info.hub_host},
            {"endpoints",
             {{"task", info.endpoints.task},
              {"control", info.endpoints.control},
              {"notify", info.endpoints.notify}}},
            {"database", info.database}};
  if (info.curve) {
    json["curve"] = {{"hub_public", info.curve->hub_public},
                     {"own_public", info.curve->own_public},
                     {"own_secret", info.curve->own_secret}};
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<std::string> read_private_file(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return Error{Errc::not_connected, "no hub is running: there is no " + path +
                                            "; start one with `roundhouse start`"};
    }
    return os_error("cannot read " + path, errno);
  }

  struct stat info {};

  if (fstat(file.get(), &info) != 0) return os_error("cannot look at " + path, errno);
  if (!S_ISREG(info.st_mode)) return Error{Errc::malformed, path + " is not a file"};
  if (info.st_uid != geteuid()) {
    return Error{Errc::permission, path + " belongs to another user (uid " +
                                       std::to_string(info.st_uid) + ") and is not trusted"};
  }
  if ((info.st_mode & 077) != 0) {
    return Error{Errc::permission, "others can use " + path + ": chmod 600 " + path};
  }
  auto text = read_up_to(file.get(), kConnectionFileBytesMax + 1);
  if (!text) return os_error("cannot read " + path, errno);
  if (text->size() > kConnectionFileBytesMax) {
    return Error{Errc::malformed, path + " is too large to be a connection file"};
  }
  return *std::move(text);
}

ConnectionInfo from_json(const Json& json, Role role) {
  ConnectionInfo info;
  info.cluster = json.at("cluster").get<std::string>();
  info.role = role;
  const Json& endpoints = json.at("endpoints");
  info.endpoints.task = endpoints.at("task").get<std::string>();
  info.endpoints.control = endpoints.at("control").get<std::string>();
  info.endpoints.notify = endpoints.at("notify").get<std::string>();
  info.protocol_major = json.at("protocol").at("major").get<int>();
  info.protocol_minor = json.at("protocol").at("minor").get<int>();
  info.library_version = json.at("version").get<std::string>();
  info.hub_pid = json.at("hub_pid").get<std::int64_t>();
  info.hub_host = json.at("hub_host").get<std::string>();
  info.database = json.at("database").get<std::string>();
  if (json.contains("curve")) {
    const Json& curve = json.at("curve");
    info.curve = CurveKeys{curve.at("hub_public").get<std::string>(),
                           curve.at("own_public").get<std::string>(),
                           curve.at("own_secret").get<std::string>()};
  }
  return info;
}

Result<ConnectionInfo> parse(const std::string& text, const std::string& path, Role role) {
  // One catch for a library that throws; what it says goes to the caller as a value.
  try {
    const Json json = Json::parse(text);
    if (!json.is_object() || json.value("kind", "") != kMarker) {
      return Error{Errc::malformed, path + " is not a connection file of Roundhouse"};
    }
    if (const std::string other = json.value("role", ""); other != to_string(role)) {
      return Error{Errc::malformed, path + " is for a " + other + ", not for a " +
                                        std::string(to_string(role)) + ": use " +
                                        std::string(to_string(role)) + ".json"};
    }
    // Before the rest is looked at: another major version may have other fields.
    if (const int major = json.at("protocol").at("major").get<int>(); major != kProtocol.major) {
      return Error{Errc::version, path + " is from a hub that speaks protocol " +
                                      std::to_string(major) + ", and this program speaks " +
                                      std::to_string(kProtocol.major) +
                                      ": use the same version of Roundhouse on both sides"};
    }
    return from_json(json, role);
  } catch (const Json::exception& e) {
    return Error{Errc::malformed,
                 path + " is damaged: " + e.what() + "; restart the cluster to write it anew"};
  }
}

}  // namespace

Result<void> write_connection_file(const std::string& path, const ConnectionInfo& info) {
  std::string temporary = path + ".XXXXXX";
  {
    const Fd file(mkostemp(temporary.data(), O_CLOEXEC));  // made 0600
    if (!file) return os_error("cannot write " + path, errno);
    if (!write_all(file.get(), to_text(info))) {
      const int number = errno;
      unlink(temporary.c_str());
      return os_error("cannot write " + path, number);
    }
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const int number = errno;
    unlink(temporary.c_str());
    return os_error("cannot write " + path, number);
  }
  return {};
}

Result<ConnectionInfo> read_connection_file(const std::string& path, Role role) {
  auto text = read_private_file(path);
  if (!text) return text.error();
  return parse(*text, path, role);
}

}  // namespace roundhouse
