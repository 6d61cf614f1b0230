// gateway.cpp: asks the running server, or the store itself when none runs: the same questions.
// Spec: docs/reference/admin-api.md.                      Tests: tests/end_to_end/users_test.py
// Not here: the questions (api/), opening a store (app/offline).
#include "cli/gateway.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <ostream>

#include "api/client.hpp"
#include "api/router.hpp"
#include "app/config.hpp"
#include "app/offline.hpp"
#include "app/places.hpp"
#include "base/encoding.hpp"

namespace pb::cli {
namespace {
struct Place {
  std::string data_dir;
  std::string socket;
  std::vector<std::string> our_domains;
  std::string user = {};
};

std::expected<Place, Failure> from_config(std::string const& file) {
  app::ConfigResult const read = app::load_config(file);
  if (!read.config) {
    std::string text;
    for (app::Problem const& problem : read.problems) text += problem.line() + "\n";
    if (!text.empty()) text.pop_back();
    return std::unexpected(Failure{Exit::configuration, text});
  }
  Place place{read.config->data_dir, read.config->admin_socket_path(), {}, read.config->user};
  for (app::DomainConfig const& domain : read.config->domains)
    place.our_domains.push_back(domain.name);
  return place;
}

std::expected<Place, Failure> find(Target const& target) {
  if (!target.data.empty()) return Place{target.data, target.data + "/admin.sock", {}};
  if (!target.config.empty()) return from_config(target.config);
  std::string const sandbox = app::default_sandbox_dir();
  std::error_code ignored;
  bool const sandbox_runs = std::filesystem::exists(sandbox + "/admin.sock", ignored);
  bool const configured = std::filesystem::exists(app::default_config_file, ignored);
  if (configured && !sandbox_runs) return from_config(std::string{app::default_config_file});
  return Place{sandbox, sandbox + "/admin.sock", {}};
}

std::expected<Answer, Failure> meaning_of(runtime::AdminResponse response, bool live) {
  if (response.status < 300) return Answer{std::move(response.body), live};
  boost::system::error_code error;
  json::value const body = json::parse(response.body, error);
  std::string text = "the answer was malformed";
  if (!error && body.is_object() && body.as_object().contains("error"))
    text = json::value_to<std::string>(body.at("error"));
  Exit exit = Exit::unavailable;
  if (response.status == 400) exit = Exit::usage;
  if (response.status == 404 || response.status == 409) exit = Exit::second_choice;
  if (response.status == 408) exit = Exit::second_choice;
  if (response.status == 422) exit = Exit::configuration;
  if (response.status == 500) exit = Exit::software;
  return std::unexpected(Failure{exit, text});
}

std::expected<Answer, Failure> ask_store(Place const& place, Question const& question,
                                         runtime::AdminRequest const& request) {
  if (question.without == Without::refuse)
    return std::unexpected(Failure{Exit::unavailable, "no server runs with " + place.data_dir +
                                                          ": start it with  packetboat serve"});
  app::OfflineOptions options{place.data_dir, question.without == Without::read_only,
                              question.without == Without::salvage, place.our_domains, place.user};
  auto answer = app::ask_offline(options, request);
  if (!answer) return std::unexpected(Failure{Exit::unavailable, answer.error()});
  return meaning_of(std::move(*answer), false);
}
}  // namespace

void add_target(CLI::App& command, Target& target) {
  command.add_option("--config", target.config, "configuration of the server that is meant")
      ->type_name("FILE");
  command.add_option("--data", target.data, "or its data directory")->type_name("DIR");
}

json::value Answer::as_json() const {
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  return error ? json::value{} : value;
}

std::expected<Answer, Failure> ask(Target const& target, Question const& question) {
  auto const place = find(target);
  if (!place) return std::unexpected(place.error());
  std::string body = question.body.is_null() ? std::string{} : json::serialize(question.body);
  runtime::AdminRequest const request{question.method, question.path, std::move(body), {}};
  auto answer = api::Client{place->socket}.ask(request, question.wait);
  if (answer) return meaning_of(std::move(*answer), true);
  switch (answer.error()) {
    case api::ClientError::not_running:
      return ask_store(*place, question, request);
    case api::ClientError::not_permitted:
      return std::unexpected(Failure{
          Exit::no_permission,
          "you may not use " + place->socket + ": be root, the server's user, or in its group"});
    case api::ClientError::broken:
      return std::unexpected(Failure{Exit::unavailable, "the server broke off the connection"});
  }
  return std::unexpected(Failure{});
}

Exit report(Terminal& terminal, Failure const& failure) {
  terminal.err() << terminal.styled(Style::bad, "packetboat: ") << failure.text << '\n';
  return failure.exit;
}

void add_query(std::string& path, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  path += path.find('?') == std::string::npos ? '?' : '&';
  path.append(name).append("=").append(api::escape_url(value));
}
}  // namespace pb::cli
