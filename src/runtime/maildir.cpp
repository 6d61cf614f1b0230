// maildir.cpp: the order of calls that makes "delivered" true after a power cut.
// Spec: cr.yp.to/proto/maildir.html.                                     Tests: maildir_test.cpp
#include "runtime/maildir.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/ascii.hpp"
#include "base/limits.hpp"
#include "mail/header_section.hpp"

namespace pb::runtime {
namespace {
constexpr std::size_t part_octets = 64 * 1024;

MaildirError error_of(int code) {
  if (code == ENOSPC || code == EDQUOT || code == EFBIG) return MaildirError::no_space;
  if (code == EACCES || code == EPERM || code == EROFS) return MaildirError::permission;
  return MaildirError::io;
}

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_{descriptor} {}
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Descriptor(Descriptor const&) = delete;
  Descriptor& operator=(Descriptor const&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

std::expected<void, MaildirError> sync_directory(std::string const& path) {
  Descriptor const directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) return std::unexpected{error_of(errno)};
  return {};
}

/// The directory and what is missing above it; a name that was made is synced into its parent.
std::expected<void, MaildirError> make_directory(std::string const& path) {
  if (::mkdir(path.c_str(), 0700) == 0) {
    std::string const parent = path.substr(0, path.rfind('/'));
    return sync_directory(parent.empty() ? "/" : parent);
  }
  if (errno == EEXIST) return {};
  if (errno != ENOENT) return std::unexpected{error_of(errno)};
  std::string const parent = path.substr(0, path.rfind('/'));
  if (parent.empty()) return std::unexpected{MaildirError::io};
  if (auto made = make_directory(parent); !made) return made;
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return std::unexpected{error_of(errno)};
  return sync_directory(parent);
}

std::expected<void, MaildirError> write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    auto const written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return std::unexpected{error_of(errno)};
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

/// CRLF to LF, wherever the parts are cut.
class LineEnds {
 public:
  std::string convert(std::string_view part) {
    std::string out;
    out.reserve(part.size() + 1);
    for (char const c : part) {
      if (cr_waits_ && c != '\n') out += '\r';
      cr_waits_ = c == '\r';
      if (!cr_waits_) out += c;
    }
    return out;
  }
  [[nodiscard]] std::string rest() const { return cr_waits_ ? "\r" : ""; }

 private:
  bool cr_waits_ = false;
};

/// The header section without foreign Return-Path fields, and how many octets of the content it
/// stood for. A section that is too large or odd is left alone.
std::pair<std::string, std::uint64_t> edited_header(MaildirMessage const& message,
                                                    ReadPart const& read, bool& readable) {
  std::string front;
  std::uint64_t const wanted =
      std::min<std::uint64_t>(message.octets, limits::header_section_octets_max);
  std::size_t end = std::string::npos;
  while (front.size() < wanted && end == std::string::npos) {
    auto const part = read(front.size(), part_octets);
    if (!part || part->empty()) {
      readable = false;
      return {};
    }
    std::size_t const from = front.size() < 3 ? 0 : front.size() - 3;
    front += *part;
    end = front.find("\r\n\r\n", from);
  }
  if (end == std::string::npos) return {std::string{}, 0};
  auto section = mail::HeaderSection::parse(front.substr(0, end + 2));
  if (!section) return {std::string{}, 0};
  section->remove_if(
      [](mail::Field const& field) { return ascii::iequals(field.name, "Return-Path"); });
  return {section->bytes(), end + 2};
}

std::expected<void, MaildirError> write_message(int descriptor, MaildirMessage const& message,
                                                ReadPart const& read) {
  bool readable = true;
  auto [header, offset] = edited_header(message, read, readable);
  if (!readable) return std::unexpected{MaildirError::unreadable};
  LineEnds line_ends;
  std::string const front = fmt::format("Return-Path: <{}>\r\nDelivered-To: {}\r\n{}",
                                        message.reverse_path.text(), message.delivered_to, header);
  if (auto done = write_all(descriptor, line_ends.convert(front)); !done) return done;
  while (offset < message.octets) {
    auto const part = read(offset, part_octets);
    if (!part || part->empty()) return std::unexpected{MaildirError::unreadable};
    offset += part->size();
    if (auto done = write_all(descriptor, line_ends.convert(*part)); !done) return done;
  }
  return write_all(descriptor, line_ends.rest());
}

bool is_directory_name(std::string_view name) {
  if (name.empty() || name.front() == '.' || name.size() > 255) return false;
  return std::ranges::none_of(name, [](char c) { return c == '/' || ascii::is_control(c); });
}
}  // namespace

std::string_view name_of(MaildirError error) {
  switch (error) {
    case MaildirError::bad_name:
      return "the mailbox's name cannot be a directory";
    case MaildirError::no_space:
      return "no space for the mailbox";
    case MaildirError::permission:
      return "the mailbox may not be written";
    case MaildirError::io:
      return "the mailbox could not be written";
    case MaildirError::unreadable:
      return "the message could not be read back";
  }
  return "";
}

std::expected<std::string, MaildirError> maildir_path(std::string_view pattern,
                                                      std::string_view domain,
                                                      std::string_view account) {
  std::string out;
  while (!pattern.empty()) {
    auto const open = pattern.find('{');
    out.append(pattern.substr(0, open));
    if (open == std::string_view::npos) break;
    pattern.remove_prefix(open);
    bool const is_domain = pattern.starts_with("{domain}");
    bool const is_account = pattern.starts_with("{account}");
    if (!is_domain && !is_account) return std::unexpected{MaildirError::bad_name};
    std::string_view const value = is_domain ? domain : account;
    if (!is_directory_name(value)) return std::unexpected{MaildirError::bad_name};
    out.append(value);
    pattern.remove_prefix(is_domain ? 8 : 9);
  }
  while (out.size() > 1 && out.ends_with('/')) out.pop_back();
  return out;
}

std::string maildir_file_name(Instant now, std::string_view queue_id, std::uint32_t recipient,
                              std::uint64_t nonce, std::string_view hostname) {
  auto const ms = now.time_since_epoch().count();
  std::string host{hostname};
  std::ranges::replace_if(
      host, [](char c) { return !ascii::is_alnum(c) && c != '-' && c != '.'; }, '_');
  return fmt::format("{}.M{}Q{}R{}N{:x}.{}", ms / 1000, ms % 1000, queue_id, recipient, nonce,
                     host);
}

std::expected<void, MaildirError> deliver_to_maildir(MaildirMessage const& message,
                                                     ReadPart const& read) {
  for (std::string_view const folder : {"", "/tmp", "/new", "/cur"})
    if (auto made = make_directory(message.directory + std::string{folder}); !made) return made;
  std::string const unfinished = message.directory + "/tmp/" + message.file_name;
  std::string const finished = message.directory + "/new/" + message.file_name;
  Descriptor const file{
      ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (file.get() < 0) return std::unexpected{error_of(errno)};
  auto done = write_message(file.get(), message, read);
  if (done && ::fdatasync(file.get()) != 0) done = std::unexpected{error_of(errno)};
  if (done && ::rename(unfinished.c_str(), finished.c_str()) != 0)
    done = std::unexpected{error_of(errno)};
  if (!done) {
    ::unlink(unfinished.c_str());
    return done;
  }
  return sync_directory(message.directory + "/new");
}
}  // namespace pb::runtime
