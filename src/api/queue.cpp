// queue.cpp: questions about the queue and the journal, and orders to the queue.
// Spec: docs/reference/admin-api.md "/queue", "/journal".       Tests: queue_test.cpp
// Not here: what an order does (queue/admin.cpp), tables (cli/).
#include <fmt/chrono.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

#include "api/backend.hpp"
#include "base/ascii.hpp"
#include "runtime/queue_desk.hpp"

namespace pb::api {
namespace {
using runtime::MessageDetails;
using runtime::QueueDesk;
constexpr std::size_t list_max = 1000;
constexpr std::size_t journal_max = 1000;
constexpr std::size_t timeline_max = 1000;
constexpr std::size_t raw_octets_max = 256U << 20;
constexpr auto look_every = std::chrono::milliseconds{50};

std::string time_text(Instant at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", std::chrono::time_point_cast<Duration>(at));
}
/// A time as the journal writes it: milliseconds since 1970.
std::string milliseconds_text(std::string_view digits) {
  std::int64_t count = 0;
  auto const [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  bool const whole = bad == std::errc{} && end == digits.data() + digits.size();
  return whole ? time_text(Instant{Duration{count}}) : std::string{digits};
}
std::string status_text(smtp::EnhancedStatus s) {
  return s.klass == 0 ? std::string{} : fmt::format("{}.{}.{}", s.klass, s.subject, s.detail);
}
Response none_here() { return Response::failure(503, "there is no queue here"); }
Response unknown() { return Response::failure(404, "no queued message has this id"); }
Response broken(std::string const& why) { return Response::failure(503, why); }

std::optional<std::uint64_t> number(std::string const& text) {
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}
std::uint64_t number_or(Request const& request, std::string const& name, std::uint64_t fallback) {
  return number(request.query_or(name, "")).value_or(fallback);
}

json::object as_json(runtime::RecipientDetails const& r) {
  json::object out{{"address", r.address},
                   {"state", r.leased ? "leased" : std::string{name(r.state.phase)}},
                   {"attempts", r.state.attempts}};
  if (r.state.phase == queue::Phase::deferred) out["retry_at"] = time_text(r.state.retry_at);
  if (r.state.reason != queue::Reason::none) out["reason"] = std::string{name(r.state.reason)};
  if (r.state.reply.code != 0) {
    out["reply"] = json::object{{"code", r.state.reply.code},
                                {"status", status_text(r.state.reply.status)},
                                {"text", r.state.reply.text},
                                {"host", r.state.reply.host}};
  }
  return out;
}

json::object as_json(MessageDetails const& details) {
  json::array recipients;
  for (auto const& recipient : details.recipients) recipients.push_back(as_json(recipient));
  queue::QueuedMessage const& m = *details.message;
  json::object out{{"id", details.id.text()},
                   {"reverse_path", m.envelope.reverse_path.text()},
                   {"accepted_at", time_text(m.accepted_at)},
                   {"expires_at", time_text(m.expires_at)},
                   {"octets", m.trace.size() + m.body_octets},
                   {"account", m.account},
                   {"client", m.client},
                   {"listener", m.listener},
                   {"recipients", std::move(recipients)}};
  if (details.crashes != 0) out["crashes"] = details.crashes;
  if (!details.via.empty()) out["via"] = details.via;
  if (details.captured) out["captured"] = true;
  return out;
}

/// One sentence: which limit holds mail back now.
std::string what_binds(delivery::SiteView const& view) {
  if (view.down)
    return "the site does not answer: one connection asks again at " + time_text(view.probe_at);
  if (view.waiting > 0 && view.slots >= view.slots_limit)
    return fmt::format("{} connections of {} are open and {} deliveries wait for one", view.slots,
                       view.slots_limit, view.waiting);
  if (view.waiting > 0) return fmt::format("the site's rate: {} deliveries wait", view.waiting);
  return "no limit: what is due goes out at once";
}

json::object as_json(SiteNow const& found) {
  json::object out{{"site", found.site},
                   {"connections", found.view.slots},
                   {"connections_max", found.view.slots_limit},
                   {"waiting", found.view.waiting},
                   {"down", found.view.down},
                   {"binds", what_binds(found.view)}};
  if (found.view.down) out["probe_at"] = time_text(found.view.probe_at);
  return out;
}

json::object as_json(journal::Entry const& entry) {
  json::object out{{"cursor", entry.sequence},
                   {"at", time_text(entry.at)},
                   {"kind", std::string{name(entry.kind)}},
                   {"id", entry.id.text()}};
  for (journal::Field const& field : entry.fields) {
    std::string const key{name(field.key)};
    bool const many = field.key == journal::Key::recipient || field.key == journal::Key::line;
    if (field.key == journal::Key::retry_at) {
      out[key] = milliseconds_text(field.value);
      continue;
    }
    if (!many) {
      out[key] = field.value;
      continue;
    }
    json::value& list = out[key];
    if (list.is_null()) list = json::array{};
    list.as_array().push_back(json::string{field.value});
  }
  return out;
}

Response list(QueueDesk& desk, Request const& request, Clock const& clock) {
  queue::AdminFilter filter;
  filter.domain = ascii::to_lower(request.query_or("domain", ""));
  filter.recipient = request.query_or("recipient", "");
  filter.account = request.query_or("account", "");
  if (auto const age = number(request.query_or("older_than", ""))) {
    filter.older_than = clock.now() - std::chrono::seconds{*age};
  }
  filter.all = true;
  auto const cursor = static_cast<std::uint32_t>(number_or(request, "cursor", 0));
  std::size_t const limit = std::min<std::uint64_t>(number_or(request, "limit", 100), list_max);
  auto const page = desk.list(filter, cursor, limit);
  if (!page) return broken(page.error());
  json::array messages;
  for (MessageDetails const& details : page->messages) messages.push_back(as_json(details));
  json::object out{{"messages", std::move(messages)}};
  if (page->next) out["next"] = *page->next;
  return Response::ok(std::move(out));
}

Response show(QueueDesk& desk, Request const& request) {
  auto const id = QueueId::parse(request.path[1]);
  if (!id) return unknown();
  auto const details = desk.show(*id);
  if (!details) return broken(details.error());
  json::array timeline;
  for (auto const& entry : desk.journal().about(*id, timeline_max)) {
    timeline.push_back(as_json(entry));
  }
  if (!*details && timeline.empty()) return unknown();
  json::object out{{"id", id->text()}, {"queued", details->has_value()}};
  if (*details) out["message"] = as_json(**details);
  out["timeline"] = std::move(timeline);
  return Response::ok(std::move(out));
}

Response raw(QueueDesk& desk, Request const& request) {
  auto const id = QueueId::parse(request.path[1]);
  if (!id) return unknown();
  auto bytes = desk.raw(*id, raw_octets_max);
  if (!bytes) return broken(bytes.error());
  if (!*bytes) return unknown();
  return {200, {}, std::move(**bytes), "message/rfc822"};
}

Response stats(QueueDesk& desk, Request const& request) {
  auto const stats = desk.stats();
  if (!stats) return broken(stats.error());
  json::object out{{"messages", stats->messages},
                   {"due", stats->due},
                   {"leased", stats->leased},
                   {"deferred", stats->deferred},
                   {"held", stats->held},
                   {"reports_due", stats->reports_due},
                   {"leases_out", stats->leases_out},
                   {"domains", stats->domains},
                   {"store_failed", stats->store_failed}};
  if (stats->next_due) out["next_due"] = time_text(*stats->next_due);
  auto const rows = desk.domains(number_or(request, "limit", 10));
  if (!rows) return broken(rows.error());
  json::array domains;
  for (auto const& row : *rows) {
    domains.push_back({{"domain", row.domain},
                       {"recipients", row.recipients},
                       {"due", row.due},
                       {"deferred", row.deferred},
                       {"held", row.held},
                       {"leased", row.leased}});
  }
  out["by_domain"] = std::move(domains);
  return Response::ok(std::move(out));
}

std::string text_member(json::object const& body, std::string_view name) {
  json::value const* const value = body.if_contains(name);
  return value != nullptr && value->is_string() ? std::string{value->as_string()} : std::string{};
}

/// nullopt: an id is malformed.
std::optional<queue::AdminFilter> filter_in(json::object const& body, Clock const& clock) {
  queue::AdminFilter filter;
  if (json::value const* ids = body.if_contains("ids"); ids != nullptr && ids->is_array()) {
    for (json::value const& one : ids->as_array()) {
      auto const id = one.is_string() ? QueueId::parse(one.as_string()) : std::nullopt;
      if (!id) return std::nullopt;
      filter.ids.push_back(*id);
    }
  }
  filter.domain = ascii::to_lower(text_member(body, "domain"));
  filter.recipient = text_member(body, "recipient");
  filter.account = text_member(body, "account");
  json::value const* const age = body.if_contains("older_than");
  if (age != nullptr && age->is_number()) {
    filter.older_than = clock.now() - std::chrono::seconds{age->to_number<std::int64_t>()};
  }
  json::value const* const all = body.if_contains("all");
  filter.all = all != nullptr && all->is_bool() && all->as_bool();
  return filter;
}

Response order(QueueDesk& desk, Request const& request, queue::AdminAction action,
               Clock const& clock) {
  if (!request.body.is_object()) return Response::failure(400, "the body must be a JSON object");
  json::object const& body = request.body.as_object();
  auto filter = filter_in(body, clock);
  if (!filter) return Response::failure(400, "an id is malformed");
  queue::AdminRequest order{.action = action,
                            .filter = std::move(*filter),
                            .actor = fmt::format("uid {}", request.peer.uid),
                            .via = text_member(body, "via")};
  auto const done = desk.order(std::move(order));
  if (!done) return broken(done.error());
  return Response::ok({{"recipients", done->recipients}, {"looked_at", done->looked_at}});
}

/// ?cursor= or ?since=SECONDS ago; ?wait=MS answers when there is something new.
asio::awaitable<Response> journal(QueueDesk* desk, Clock const* clock, Request request) {
  runtime::JournalReader& reader = desk->journal();
  std::uint64_t cursor = number_or(request, "cursor", 0);
  if (auto const ago = number(request.query_or("since", ""))) {
    cursor = reader.cursor_at(clock->now() - std::chrono::seconds{*ago});
  }
  if (request.query_or("from", "") == "end") cursor = reader.end();
  std::size_t const limit = std::min<std::uint64_t>(number_or(request, "limit", 200), journal_max);
  auto const patience =
      std::chrono::milliseconds{std::min<std::uint64_t>(number_or(request, "wait", 0), 60'000)};
  asio::steady_timer timer{co_await asio::this_coro::executor};
  auto const deadline = std::chrono::steady_clock::now() + patience;
  auto entries = reader.read(cursor, limit);
  while (entries.empty() && std::chrono::steady_clock::now() < deadline) {
    timer.expires_after(look_every);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    entries = reader.read(cursor, limit);
  }
  json::array list;
  for (auto const& entry : entries) list.push_back(as_json(entry));
  std::uint64_t const next = entries.empty() ? cursor : entries.back().sequence + 1;
  co_return Response::ok({{"entries", std::move(list)}, {"next", next}});
}

template <class Answer>
Handler at_once(QueueDesk* desk, Answer answer) {
  return [desk, answer](Request request) -> asio::awaitable<Response> {
    if (desk == nullptr) return one_answer(none_here());
    return one_answer(answer(*desk, request));
  };
}
}  // namespace

void add_queue(Router& router, Backend backend) {
  QueueDesk* const desk = backend.queue;
  Clock const* const clock = backend.clock;
  struct Order {
    char const* path;
    queue::AdminAction action;
  };
  constexpr Order orders[] = {
      {"/queue/hold", queue::AdminAction::hold},
      {"/queue/release", queue::AdminAction::release},
      {"/queue/retry", queue::AdminAction::retry},
      {"/queue/bounce", queue::AdminAction::bounce},
      {"/queue/delete", queue::AdminAction::remove},
      {"/queue/reroute", queue::AdminAction::reroute},
  };
  for (Order const& one : orders) {
    router.add("POST", one.path,
               at_once(desk, [clock, action = one.action](QueueDesk& d, Request const& request) {
                 return order(d, request, action, *clock);
               }));
  }
  router.add("GET", "/queue", at_once(desk, [clock](QueueDesk& d, Request const& request) {
               return list(d, request, *clock);
             }));
  router.add("GET", "/queue/stats", at_once(desk, stats));
  router.add("GET", "/queue/*", at_once(desk, show));
  router.add("GET", "/queue/*/raw", at_once(desk, raw));
  router.add("GET", "/queue/site/*", [site_of = backend.site_of](Request request) {
    auto const found = site_of ? site_of(request.path[2]) : std::nullopt;
    if (!found) return one_answer(Response::failure(404, "nothing was sent there lately"));
    return one_answer(Response::ok(as_json(*found)));
  });
  router.add("GET", "/journal", [desk, clock](Request request) {
    if (desk == nullptr) return one_answer(none_here());
    return journal(desk, clock, std::move(request));
  });
}
}  // namespace pb::api
