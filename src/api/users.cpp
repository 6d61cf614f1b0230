// users.cpp: questions about accounts: list, add, passwd, remove, alias, allow.
// Spec: docs/reference/admin-api.md "/user".                    Tests: users_test.cpp
// Not here: what a command does to records (accounts/commands), the command line (cli/user).
#include <boost/json.hpp>
#include <functional>

#include "accounts/commands.hpp"
#include "api/backend.hpp"

namespace pb::api {
namespace {
namespace json = boost::json;
using accounts::Change;
using accounts::Changed;
using accounts::CommandProblem;
using accounts::Records;
using accounts::StoreError;

unsigned status_of(CommandProblem problem) {
  switch (problem) {
    case CommandProblem::bad_name:
    case CommandProblem::bad_address:
    case CommandProblem::bad_pattern:
    case CommandProblem::not_our_domain:
    case CommandProblem::too_many:
      return 400;
    case CommandProblem::exists:
      return 409;
    case CommandProblem::unknown_account:
    case CommandProblem::unknown_address:
      return 404;
  }
  return 400;
}

Response failed(StoreError error) {
  switch (error) {
    case StoreError::io:
      return Response::failure(503, "the store cannot be read or written: see the server's log");
    case StoreError::no_space:
      return Response::failure(507, "the disk is full: nothing was changed");
    case StoreError::corrupt:
      return Response::failure(500, "an account record is damaged: packetboat store check");
    case StoreError::read_only:
      return Response::failure(503, "the store is open for reading only");
  }
  return {};
}

std::string text_of(json::value const& body, std::string_view name) {
  json::object const* object = body.if_object();
  json::value const* value = object == nullptr ? nullptr : object->if_contains(name);
  json::string const* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string{} : std::string{*text};
}

std::optional<bool> flag_of(json::value const& body, std::string_view name) {
  json::object const* object = body.if_object();
  json::value const* value = object == nullptr ? nullptr : object->if_contains(name);
  bool const* flag = value == nullptr ? nullptr : value->if_bool();
  return flag == nullptr ? std::nullopt : std::optional{*flag};
}

std::uint64_t number_of(json::value const& body, std::string_view name) {
  json::object const* object = body.if_object();
  json::value const* value = object == nullptr ? nullptr : object->if_contains(name);
  std::int64_t const* number = value == nullptr ? nullptr : value->if_int64();
  return number == nullptr || *number < 0 ? 0 : static_cast<std::uint64_t>(*number);
}

class Users {
 public:
  explicit Users(Backend backend) : backend_{std::move(backend)} {}

  Response list() const {
    auto const records = backend_.accounts->load_all();
    if (!records) return failed(records.error());
    json::array users;
    for (accounts::AccountSummary const& one : accounts::list_accounts(*records)) {
      users.push_back({{"name", one.name},
                       {"aliases", json::value_from(one.aliases)},
                       {"allowed", json::value_from(one.allowed)},
                       {"scram", one.has_scram},
                       {"disabled", one.disabled},
                       {"quota_octets", one.quota_octets}});
    }
    return Response::ok({{"users", std::move(users)}});
  }

  Response add(Request const& request) const {
    return change([&](Records const& records) -> Answer {
      bool const scram = flag_of(request.body, "scram").value_or(true);
      auto credentials = make(request, scram ? accounts::Scram::with : accounts::Scram::without);
      if (!credentials) return std::unexpected(credentials.error());
      return answer(accounts::add_account(
          records, {text_of(request.body, "name"), std::move(*credentials),
                    number_of(request.body, "quota_octets"), backend_.our_domains()}));
    });
  }

  Response passwd(Request const& request) const {
    return change([&](Records const& records) -> Answer {
      auto const wanted = flag_of(request.body, "scram");
      accounts::Scram scram = accounts::scram_of(records, request.path[1]);
      if (wanted) scram = *wanted ? accounts::Scram::with : accounts::Scram::without;
      auto credentials = make(request, scram);
      if (!credentials) return std::unexpected(credentials.error());
      return answer(accounts::set_password(records, request.path[1], std::move(*credentials)));
    });
  }

  Response remove(Request const& request) const {
    return change([&](Records const& records) {
      return answer(accounts::remove_account(records, request.path[1]));
    });
  }

  using Edit = Changed (*)(Records const&, std::string_view name, std::string_view what);
  Response edit(Request const& request, Edit edit, std::string_view member) const {
    return change([&](Records const& records) {
      return answer(edit(records, request.path[1], text_of(request.body, member)));
    });
  }

 private:
  using Answer = std::expected<Change, Response>;

  static Answer answer(Changed changed) {
    if (changed) return std::move(*changed);
    return std::unexpected(
        Response::failure(status_of(changed.error().problem), changed.error().message));
  }

  std::expected<accounts::Credentials, Response> make(Request const& request,
                                                      accounts::Scram scram) const {
    auto credentials =
        accounts::make_credentials(text_of(request.body, "password"), scram, *backend_.random);
    if (credentials) return std::move(*credentials);
    return std::unexpected(Response::failure(400, accounts::describe(credentials.error())));
  }

  template <class Make>
  Response change(Make make_change) const {
    auto const records = backend_.accounts->load_all();
    if (!records) return failed(records.error());
    Answer const change = make_change(*records);
    if (!change) return change.error();
    std::expected<void, StoreError> written;
    if (change->put) written = backend_.accounts->put(*change->put);
    if (written && change->remove) written = backend_.accounts->remove(*change->remove);
    if (!written) return failed(written.error());
    std::string forget;
    if (change->forget_logins) forget = change->put ? change->put->name : *change->remove;
    backend_.accounts_changed(forget);
    return Response::ok({{"message", change->message}});
  }

  Backend backend_;
};
}  // namespace

void add_users(Router& router, Backend backend) {
  bool const here = backend.accounts != nullptr;
  auto const users = std::make_shared<Users const>(std::move(backend));  // shared by the handlers
  auto const on = [&](char const* method, char const* pattern, auto answer) {
    router.add(method, pattern, [users, here, answer](Request request) {
      return one_answer(here ? answer(*users, request)
                             : Response::failure(503, "there are no accounts here"));
    });
  };
  on("GET", "/user", [](Users const& all, Request const&) { return all.list(); });
  on("POST", "/user", [](Users const& all, Request const& r) { return all.add(r); });
  on("DELETE", "/user/*", [](Users const& all, Request const& r) { return all.remove(r); });
  on("POST", "/user/*/password", [](Users const& all, Request const& r) { return all.passwd(r); });
  on("POST", "/user/*/alias", [](Users const& all, Request const& r) {
    return all.edit(r, accounts::add_alias, "address");
  });
  on("DELETE", "/user/*/alias", [](Users const& all, Request const& r) {
    return all.edit(r, accounts::remove_alias, "address");
  });
  on("POST", "/user/*/allow", [](Users const& all, Request const& r) {
    return all.edit(r, accounts::allow_sender, "pattern");
  });
  on("DELETE", "/user/*/allow", [](Users const& all, Request const& r) {
    return all.edit(r, accounts::disallow_sender, "pattern");
  });
}
}  // namespace pb::api
