// prober.cpp: names first, then all ports and controls in parallel, then what only the results
// of the first round make worth asking.
// Spec: prober.hpp.
// Tests: tests/fault_lab
#include "runtime/prober.hpp"

#include <netdb.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/ascii.hpp"
#include "runtime/handover.hpp"
#include "runtime/probe_dns.hpp"
#include "runtime/probe_lane.hpp"

namespace pb::runtime {
using advisor::AttemptFacts;
using advisor::ControlFacts;
using advisor::NameState;
using advisor::Tcp;
using tcp = asio::ip::tcp;
using udp = asio::ip::udp;
using Clock = std::chrono::steady_clock;
namespace {
constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr unsigned connections_a_host = 6;
constexpr std::size_t addresses_a_family = 4;
constexpr std::uint16_t surely_closed_port = 9;  // discard: nobody offers it any more
constexpr Millis dns_wait{2500};

bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  return std::ranges::all_of(host, [](char c) {
    return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || (c & 0x80) != 0;
  });
}

NameState state_of(int error) {
  switch (error) {
    case 0:
      return NameState::ok;
    case EAI_NONAME:
      return NameState::not_found;
#ifdef EAI_NODATA
    case EAI_NODATA:
      return NameState::no_address;
#endif
    case EAI_AGAIN:
      return NameState::no_answer;
    default:                            // an int, not an enum
      return NameState::server_failed;  // an int of the library, not an enum
  }
}

std::optional<IpAddress> address_of(sockaddr const* address) {
  if (address->sa_family == AF_INET) {
    auto const* v4 = reinterpret_cast<sockaddr_in const*>(address);
    return IpAddress::v4(ntohl(v4->sin_addr.s_addr));
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  auto const* v6 = reinterpret_cast<sockaddr_in6 const*>(address);
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(v6->sin6_addr.s6_addr, 16, bytes.begin());
  return IpAddress::v6(bytes);
}

struct SystemAnswer {
  NameState state = NameState::no_answer;
  std::vector<IpAddress> addresses;
  std::string canonical;
};

/// What every program here would get. Blocks: runs in a thread of its own.
SystemAnswer ask_system(std::string const& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_CANONNAME;
  addrinfo* list = nullptr;
  int const error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  SystemAnswer answer{.state = state_of(error), .addresses = {}, .canonical = {}};
  for (auto const* entry = list; error == 0 && entry != nullptr; entry = entry->ai_next) {
    if (answer.canonical.empty() && entry->ai_canonname != nullptr) {
      answer.canonical = entry->ai_canonname;
    }
    if (auto const address = address_of(entry->ai_addr)) answer.addresses.push_back(*address);
  }
  if (error == 0) freeaddrinfo(list);
  return answer;
}

std::optional<Endpoint> system_nameserver() {
  std::ifstream file{"/etc/resolv.conf"};
  std::stringstream text;
  text << file.rdbuf();
  auto const address = first_nameserver(text.str().substr(0, 65536));
  if (!address) return std::nullopt;
  return Endpoint{*address, 53};
}

bool in_container() {
  struct stat ignored{};
  return stat("/.dockerenv", &ignored) == 0 || stat("/run/.containerenv", &ignored) == 0;
}

/// Segments that the kernel could not send at all, in this network namespace: a firewall on this
/// computer drops them on their way out (connect() itself says nothing about it).
std::uint64_t unsent_segments() {
  std::ifstream file{"/proc/net/netstat"};
  std::string names;
  std::string values;
  if (!std::getline(file, names) || !std::getline(file, values)) return 0;
  auto const name = ascii::split(names, ' ');
  auto const value = ascii::split(values, ' ');
  for (std::size_t i = 0; i < std::min(name.size(), value.size()); ++i) {
    if (name[i] == "TCPRetransFail") return std::strtoull(value[i].data(), nullptr, 10);
  }
  return 0;
}

class Prober {
 public:
  explicit Prober(ProbeSettings const& settings)
      : settings_{settings},
        store_{settings.ca_file},
        world_{io_.get_executor(), store_, settings.host, std::time(nullptr),
               Clock::now() + settings.timeout} {}

  advisor::ProbeFacts run();

 private:
  asio::awaitable<void> all();
  asio::awaitable<void> resolve();
  asio::awaitable<void> ask_directly(bool ipv6, bool checking_disabled, DnsReply& reply);
  asio::awaitable<void> direct_answers();
  asio::awaitable<void> probe_port(advisor::PortFacts& port);
  asio::awaitable<void> probe_control(ControlFacts& control, advisor::LaneOptions options);
  asio::awaitable<void> probe_further(AttemptFacts& slot, Endpoint endpoint);
  asio::awaitable<void> second_round();
  void plan();
  void find_unsent(std::uint64_t unsent);
  template <typename Task>
  void spawn(Task task) {
    ++running_;
    asio::co_spawn(io_, std::move(task), [this](std::exception_ptr) {
      --running_;
      finished_.cancel();
    });
  }
  asio::awaitable<void> join() {
    while (running_ > 0) co_await finished_.async_wait(nothrow);
  }
  [[nodiscard]] advisor::LaneOptions options() const;

  ProbeSettings const& settings_;
  asio::io_context io_;
  TrustStore store_;
  LaneWorld world_;
  ConnectionLimit target_limit_{io_.get_executor(), connections_a_host};
  ConnectionLimit control_limit_{io_.get_executor(), connections_a_host};
  asio::steady_timer finished_{io_, Clock::time_point::max()};
  unsigned running_ = 0;
  advisor::ProbeFacts facts_;
  std::optional<IpAddress> v4_, v6_;
};

advisor::LaneOptions Prober::options() const {
  advisor::LaneOptions out;
  out.ehlo_name = settings_.ehlo_name;
  out.user = settings_.user;
  out.password = settings_.password;
  out.injection_check = settings_.deep;
  out.keep_transcript = settings_.transcript;
  return out;
}

asio::awaitable<void> Prober::ask_directly(bool ipv6, bool checking_disabled, DnsReply& reply) {
  auto const server = settings_.resolver ? settings_.resolver : system_nameserver();
  auto const id = static_cast<std::uint16_t>(Clock::now().time_since_epoch().count());
  auto const query = dns_query(settings_.host, ipv6, id, checking_disabled);
  if (!server || !query) co_return;
  boost::system::error_code error;
  udp::socket socket{io_};
  auto const address = asio::ip::make_address(server->address.text(), error);
  socket.open(address.is_v4() ? udp::v4() : udp::v6(), error);
  socket.connect({address, server->port}, error);
  for (int attempt = 0; attempt < 2 && !error; ++attempt) {
    co_await socket.async_send(asio::buffer(*query), nothrow);
    asio::steady_timer timer{io_, std::min(Clock::now() + dns_wait, world_.deadline)};
    timer.async_wait([&socket](boost::system::error_code stopped) {
      boost::system::error_code ignored;
      if (!stopped) socket.cancel(ignored);
    });
    char packet[4096];
    auto const [failed, got] = co_await socket.async_receive(asio::buffer(packet), nothrow);
    if (failed) continue;
    if (auto const read = read_dns_reply({packet, got}, id)) {
      reply = *read;
      co_return;
    }
  }
}

asio::awaitable<void> Prober::direct_answers() {
  DnsReply v4;
  DnsReply v6;
  co_await ask_directly(false, false, v4);
  if (v4.state != NameState::no_answer) co_await ask_directly(true, false, v6);
  auto& name = facts_.name;
  name.asked = true;
  name.direct = v4.state == NameState::no_address ? v6.state : v4.state;
  name.direct_addresses = v4.addresses;
  name.direct_addresses.insert(name.direct_addresses.end(), v6.addresses.begin(),
                               v6.addresses.end());
  if (v4.state != NameState::server_failed) co_return;
  // A validating server that answers only with checking disabled has found a bad signature.
  DnsReply unchecked;
  co_await ask_directly(false, true, unchecked);
  if (unchecked.state == NameState::ok) name.direct = NameState::bogus;
}

asio::awaitable<void> Prober::resolve() {
  auto& name = facts_.name;
  if (auto const literal = IpAddress::parse(settings_.host)) {
    name.literal = true;
    name.addresses = {*literal};
    co_return;
  }
  name.malformed = !is_host_name(settings_.host);
  if (name.malformed) co_return;
  Handover<SystemAnswer> answered{io_.get_executor()};
  // getaddrinfo cannot be stopped: its thread may outlive the wait, and all of us.
  std::thread{[host = settings_.host, give = answered.giver()] {
    give(ask_system(host));
  }}.detach();
  spawn(direct_answers());
  auto const until = std::min(Clock::now() + Millis{9000}, world_.deadline);
  auto const given = co_await answered.take(until - Clock::now());
  SystemAnswer const answer = given.value_or(SystemAnswer{});
  name.system = answer.state;
  name.addresses = answer.addresses;
  name.canonical = answer.canonical;
  if (name.system != NameState::ok) co_await join();
}

void Prober::plan() {
  std::size_t v4 = 0;
  std::size_t v6 = 0;
  for (auto const& address : facts_.name.addresses) {
    bool const wanted = address.is_v4() ? settings_.ipv4 : settings_.ipv6;
    auto& count = address.is_v4() ? v4 : v6;
    if (!wanted || count++ >= addresses_a_family) continue;
    auto& first = address.is_v4() ? v4_ : v6_;
    if (!first) {
      first = address;
    } else {
      AttemptFacts further;
      further.endpoint = {address, settings_.ports.front()};
      facts_.further.push_back(further);
    }
  }
  for (auto port : settings_.ports) facts_.ports.push_back({port, {}});
  for (auto const& host : settings_.control_hosts) {
    for (auto port : settings_.ports) {
      facts_.controls.push_back({host, port, ControlFacts::Role::other_server, {}});
    }
  }
  if (!settings_.controls) return;
  facts_.controls.push_back({settings_.host, 443, ControlFacts::Role::web_port, {}});
  facts_.controls.push_back(
      {settings_.host, surely_closed_port, ControlFacts::Role::closed_port, {}});
}

asio::awaitable<void> Prober::probe_port(advisor::PortFacts& port) {
  // One family after the other: three connections a port at most, because the second family needs
  // no second connection once the first has shown how the port begins.
  port.attempts.resize((v4_ ? 1U : 0U) + (v6_ ? 1U : 0U));
  std::size_t slot = 0;
  auto lane = options();
  for (auto const& address : {v4_, v6_}) {
    if (!address) continue;
    AttemptFacts& attempt = port.attempts[slot++];
    attempt.endpoint = {*address, port.port};
    attempt = co_await climb(world_, target_limit_, attempt.endpoint, lane);
    lane.tls_first = attempt.implicit_tls;
  }
}

asio::awaitable<void> Prober::probe_further(AttemptFacts& slot, Endpoint endpoint) {
  co_await target_limit_.acquire();
  tcp::socket socket{io_};
  slot.connect = co_await connect(socket, endpoint, Millis{5000});
  target_limit_.release();
}

asio::awaitable<void> Prober::probe_control(ControlFacts& control,
                                            advisor::LaneOptions lane_options) {
  std::optional<IpAddress> address = v4_ ? v4_ : v6_;
  if (control.role == ControlFacts::Role::other_server) {
    tcp::resolver resolver{io_};
    auto const [error, found] = co_await resolver.async_resolve(control.host, "", nothrow);
    address.reset();
    if (!error && !found.empty()) {
      address = IpAddress::parse(found.begin()->endpoint().address().to_string());
    }
  }
  if (!address) co_return;
  bool const of_target = control.role != ControlFacts::Role::other_server;
  auto& limit = of_target ? target_limit_ : control_limit_;
  Endpoint const endpoint{*address, control.port};
  if (control.role == ControlFacts::Role::web_port) {
    co_await probe_further(control.attempt, endpoint);
    control.attempt.endpoint = endpoint;
    co_return;
  }
  control.attempt = co_await climb(world_, limit, endpoint, std::move(lane_options));
}

asio::awaitable<void> Prober::second_round() {
  // A certificate of another name, or a web page, is compared with what a control shows.
  for (auto& port : facts_.ports) {
    for (auto& attempt : port.attempts) {
      bool const other_name =
          attempt.tls.handshake == advisor::Handshake::ok && !attempt.tls.name_matches;
      bool const web = attempt.opening == advisor::Opening::http;
      bool const dates = std::ranges::any_of(attempt.tls.errors, [](auto error) {
        return error == advisor::CertError::expired || error == advisor::CertError::not_yet_valid;
      });
      for (auto& control : facts_.controls) {
        bool const same_port =
            control.port == port.port && control.role == ControlFacts::Role::other_server;
        if (!same_port || (!other_name && !web && !dates) ||
            control.attempt.tls.handshake != advisor::Handshake::not_tried) {
          continue;
        }
        advisor::LaneOptions full;
        full.ehlo_name = settings_.ehlo_name;
        spawn(probe_control(control, full));
      }
    }
  }
  co_await join();
  // A server that refuses STARTTLS because of what stood behind it is a good one: asked again.
  for (auto& port : facts_.ports) {
    for (auto& attempt : port.attempts) {
      if (!settings_.deep || attempt.starttls != advisor::StartTls::refused) continue;
      auto lane = options();
      lane.injection_check = false;
      attempt = co_await climb(world_, target_limit_, attempt.endpoint, std::move(lane));
    }
  }
  for (auto& port : facts_.ports) {
    for (auto& attempt : port.attempts) {
      if (attempt.opening != advisor::Opening::smtp || attempt.greeting_code != 421) continue;
      AttemptFacts alone = co_await climb(world_, target_limit_, attempt.endpoint, options());
      alone.retried_alone = true;
      if (alone.greeting_code == 220) attempt = std::move(alone);
    }
  }
}

asio::awaitable<void> Prober::all() {
  co_await resolve();
  plan();
  if (!v4_ && !v6_) {
    facts_.ports.clear();
    facts_.controls.clear();
    co_return;
  }
  for (auto& port : facts_.ports) spawn(probe_port(port));
  advisor::LaneOptions brief;
  brief.greeting_only = true;
  for (auto& control : facts_.controls) spawn(probe_control(control, brief));
  for (auto& further : facts_.further) spawn(probe_further(further, further.endpoint));
  co_await join();
  co_await second_round();
}

/// Two repetitions at least fail for every connection that is dropped before it leaves; fewer may
/// belong to somebody else.
void Prober::find_unsent(std::uint64_t unsent) {
  std::vector<AttemptFacts*> silent;
  auto const look = [&](AttemptFacts& attempt) {
    if (attempt.connect.tcp == Tcp::timeout) silent.push_back(&attempt);
  };
  for (auto& port : facts_.ports) std::ranges::for_each(port.attempts, look);
  for (auto& control : facts_.controls) look(control.attempt);
  if (silent.empty() || unsent < 2 * silent.size()) return;
  for (auto* attempt : silent) attempt->connect.sent_nothing = true;
}

advisor::ProbeFacts Prober::run() {
  auto const start = Clock::now();
  auto const unsent_before = unsent_segments();
  facts_.target = settings_.target;
  facts_.host = settings_.host;
  facts_.now = world_.now;
  facts_.in_container = in_container();
  asio::co_spawn(io_, all(), [this](std::exception_ptr) { io_.stop(); });
  io_.run_for(settings_.timeout + Millis{1000});
  find_unsent(unsent_segments() - unsent_before);
  facts_.took = std::chrono::duration_cast<Millis>(Clock::now() - start);
  return std::move(facts_);
}
}  // namespace

advisor::ProbeFacts probe(ProbeSettings const& settings) { return Prober{settings}.run(); }
}  // namespace pb::runtime
