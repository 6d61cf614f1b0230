// inbox.cpp: questions about captured messages: list, show, raw, wait, delete, clear.
// Spec: docs/reference/admin-api.md "/inbox".                   Tests: inbox_test.cpp
// Not here: which messages are meant (inbox/question), tables (cli/).
#include <fmt/chrono.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

#include "api/backend.hpp"
#include "inbox/question.hpp"
#include "inbox/reading.hpp"

namespace pb::api {
namespace {
using inbox::Captured;
using inbox::CapturedError;
using inbox::CapturedStore;
using inbox::Summary;
constexpr std::size_t page = 500;
constexpr std::size_t message_octets_max = 256U << 20;
constexpr std::size_t beginning_octets = 256U << 10;
constexpr auto look_every = std::chrono::milliseconds{20};

std::string time_text(Instant at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", std::chrono::time_point_cast<Duration>(at));
}

json::object as_json(Summary const& one) {
  json::array to;
  for (std::string const& path : one.to) to.push_back(json::string{path});
  return {{"id", one.id.text()},
          {"received_at", time_text(one.received_at)},
          {"reverse_path", one.reverse_path},
          {"to", std::move(to)},
          {"from", one.from},
          {"subject", one.subject},
          {"role", one.role},
          {"listener", one.listener},
          {"client", one.client},
          {"account", one.account},
          {"tls", one.tls},
          {"octets", one.octets}};
}

Response failed(CapturedError error) {
  switch (error) {
    case CapturedError::io:
      return Response::failure(503, "the store cannot be read: see the server's log");
    case CapturedError::read_only:
      return Response::failure(503, "no server runs here: start one to change the inbox");
  }
  return {};
}
Response none_here() { return Response::failure(503, "there is no inbox here"); }
Response unknown() { return Response::failure(404, "no captured message has this id"); }

std::uint64_t number_or(std::string const& text, std::uint64_t fallback) {
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : fallback;
}

inbox::Question question_of(Request const& request) {
  return {request.query_or("to", ""), request.query_or("from", ""), request.query_or("subject", ""),
          request.query_or("account", ""),
          QueueId::parse(request.query_or("after", "")).value_or(QueueId{})};
}

/// The oldest `count_max` that fit, behind question.after.
std::expected<std::vector<Summary>, CapturedError> find(CapturedStore& store,
                                                        inbox::Question const& question,
                                                        std::size_t count_max) {
  std::vector<Summary> found;
  QueueId after = question.after;
  for (;;) {
    auto const some = store.list(after, page);
    if (!some) return std::unexpected(some.error());
    for (Captured const& one : *some) {
      after = one.id;
      auto const beginning = store.read(one.id, beginning_octets);
      if (!beginning) return std::unexpected(beginning.error());
      Summary summary = inbox::summarise(one, beginning->value_or(""));
      if (!inbox::fits(question, summary)) continue;
      found.push_back(std::move(summary));
      if (found.size() == count_max) return found;
    }
    if (some->size() < page) return found;
  }
}

Response list(CapturedStore& store, Request const& request) {
  auto const found =
      find(store, question_of(request), number_or(request.query_or("limit", ""), 10'000));
  if (!found) return failed(found.error());
  json::array messages;
  for (Summary const& one : *found) messages.push_back(as_json(one));
  return Response::ok({{"messages", std::move(messages)}});
}

struct Whole {
  Captured captured;
  std::string message;
};

std::expected<Whole, Response> whole(CapturedStore& store, std::string const& id_text) {
  auto const id = QueueId::parse(id_text);
  if (!id) return std::unexpected(unknown());
  auto captured = store.get(*id);
  if (!captured) return std::unexpected(failed(captured.error()));
  auto message = store.read(*id, message_octets_max);
  if (!message) return std::unexpected(failed(message.error()));
  if (!*captured || !*message) return std::unexpected(unknown());
  return Whole{std::move(**captured), std::move(**message)};
}

Response show(CapturedStore& store, std::string const& id) {
  auto const found = whole(store, id);
  if (!found) return found.error();
  json::object out = as_json(inbox::summarise(found->captured, found->message));
  inbox::Reading const reading = inbox::read_message(found->message);
  json::array parts;
  for (inbox::Part const& part : reading.parts)
    parts.push_back({{"type", part.type}, {"filename", part.filename}, {"octets", part.octets}});
  out["header"] = std::string{inbox::header_of(found->message)};
  out["text"] = reading.text;
  out["html"] = reading.html;
  out["parts"] = std::move(parts);
  return Response::ok(std::move(out));
}

Response raw(CapturedStore& store, std::string const& id) {
  auto found = whole(store, id);
  if (!found) return found.error();
  return {200, {}, std::move(found->message), "message/rfc822"};
}

Response remove(CapturedStore& store, std::string const& id_text) {
  auto const id = QueueId::parse(id_text);
  if (!id) return unknown();
  auto const removed = store.remove(*id);
  if (!removed) return failed(removed.error());
  return *removed ? Response::ok({{"removed", 1}}) : unknown();
}

Response clear(CapturedStore& store) {
  auto const count = store.clear();
  if (!count) return failed(count.error());
  return Response::ok({{"removed", *count}});
}

/// Answers as soon as a message fits, also one that came before the question; 408 after `timeout`
/// milliseconds (at most an hour). A look costs nothing while nothing changes.
asio::awaitable<Response> wait(CapturedStore* store, Request request) {
  inbox::Question const question = question_of(request);
  std::uint64_t const wanted =
      std::max<std::uint64_t>(1, number_or(request.query_or("count", ""), 1));
  auto const patience = std::chrono::milliseconds{
      std::min<std::uint64_t>(number_or(request.query_or("timeout", ""), 10'000), 3'600'000)};
  asio::steady_timer timer{co_await asio::this_coro::executor};
  auto const deadline = std::chrono::steady_clock::now() + patience;
  std::optional<std::uint64_t> seen;
  for (;;) {
    std::uint64_t const changes = store->changes();
    if (seen != changes) {
      auto const found = find(*store, question, wanted);
      if (!found) co_return failed(found.error());
      if (found->size() >= wanted) {
        json::array messages;
        for (Summary const& one : *found) messages.push_back(as_json(one));
        co_return Response::ok({{"messages", std::move(messages)}});
      }
      seen = changes;
    }
    if (std::chrono::steady_clock::now() >= deadline)
      co_return Response::failure(408, "no such message came in time");
    timer.expires_after(look_every);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

template <class Answer>
Handler at_once(CapturedStore* store, Answer answer) {
  return [store, answer](Request request) -> asio::awaitable<Response> {
    if (store == nullptr) return one_answer(none_here());
    return one_answer(answer(*store, request));
  };
}
}  // namespace

void add_inbox(Router& router, Backend backend) {
  CapturedStore* store = backend.captured;
  router.add("GET", "/inbox", at_once(store, list));
  router.add("DELETE", "/inbox",
             at_once(store, [](CapturedStore& all, Request const&) { return clear(all); }));
  router.add("GET", "/inbox/wait", [store](Request request) {
    return store == nullptr ? one_answer(none_here()) : wait(store, std::move(request));
  });
  router.add("GET", "/inbox/*", at_once(store, [](CapturedStore& all, Request const& request) {
               return show(all, request.path[1]);
             }));
  router.add("GET", "/inbox/*/raw", at_once(store, [](CapturedStore& all, Request const& request) {
               return raw(all, request.path[1]);
             }));
  router.add("DELETE", "/inbox/*", at_once(store, [](CapturedStore& all, Request const& request) {
               return remove(all, request.path[1]);
             }));
}
}  // namespace pb::api
