// networks.cpp: which clouds and access networks block which outgoing mail ports.
// Spec: providers.hpp, NetworkPolicy; "as was known on" the month of each row.
// Tests: tables_test.cpp
#include <algorithm>

#include "advisor/providers.hpp"
#include "base/ascii.hpp"

namespace pb::advisor {
namespace {
using enum Policy;
constexpr text::Text never{"not lifted; use 587, 465 or 2525", "不會開放；請用 587、465 或 2525",
                           "不会放行；请使用 587、465 或 2525"};
constexpr text::Text form{"on request, by the provider's form", "可填業者的表單申請",
                          "可填服务商的表单申请"};
constexpr text::Text ticket{"on request, by a ticket", "可提交客服單申請", "可提交工单申请"};
// id, name, 25, 465, 587, 2525, lift, source, seen
constexpr NetworkPolicy table[] = {
    {"gcp", "Google Cloud", blocked, open, open, open, never, "cloud.google.com docs", "2026-11"},
    {"aws", "AWS EC2", restricted, open, open, open, form, "docs.aws.amazon.com", "2026-11"},
    {"azure",
     "Microsoft Azure",
     restricted,
     unknown,
     open,
     unknown,
     {"25 only with an enterprise agreement", "25 只限企業合約", "25 仅限企业协议"},
     "learn.microsoft.com",
     "2026-11"},
    {"digitalocean",
     "DigitalOcean",
     blocked,
     blocked,
     blocked,
     open,
     {"not lifted; use 2525 of a sending service or its API",
      "不會開放；請用寄信服務的 2525 或它的 API", "不会放行；请使用发信服务的 2525 或它的 API"},
     "docs.digitalocean.com",
     "2026-06"},
    {"hetzner",
     "Hetzner Cloud",
     blocked,
     blocked,
     open,
     unknown,
     {"by a ticket after the first month and a paid invoice",
      "滿一個月並付過帳單後，可提交客服單申請", "满一个月并付过账单后，可提交工单申请"},
     "docs.hetzner.com, quoted",
     "2026-11"},
    {"linode",
     "Linode (Akamai)",
     restricted,
     restricted,
     restricted,
     open,
     {"by a ticket, with an A record and reverse DNS", "設好 A 紀錄和反向 DNS 後，可提交客服單申請",
      "设好 A 记录和反向 DNS 后，可提交工单申请"},
     "linode.com blog",
     "2026-11"},
    {"render",
     "Render (free)",
     blocked,
     blocked,
     blocked,
     open,
     {"with a paid plan", "付費方案即可", "付费方案即可"},
     "render.com changelog",
     "2025-09"},
    {"zerops", "Zerops", blocked, blocked, open, unknown, never, "docs.zerops.io", "2026-11"},
    {"wpengine",
     "WP Engine",
     unknown,
     blocked,
     blocked,
     open,
     {"use an API or 2525", "請用 API 或 2525", "请使用 API 或 2525"},
     "PHPMailer#987",
     "2017-02"},
    {"kinsta", "Kinsta", blocked, open, open, open, never, "kinsta.com", "2026-11"},
    {"aliyun-ecs", "Alibaba Cloud ECS", blocked, open, unknown, unknown, form, "xxl-job#244",
     "2018-01"},
    {"tencent", "Tencent Cloud", blocked, unknown, unknown, unknown, form,
     "cloud.tencent.com panel", "2026-11"},
    {"vps", "small VPS hosts (Psychz, Euronodes)", blocked, open, open, unknown, ticket,
     "their knowledge bases", "2026-11"},
    {"cpanel",
     "shared hosting with cPanel",
     blocked,
     restricted,
     restricted,
     open,
     {"ask the host about \"SMTP Restrictions\"", "請洽主機商「SMTP Restrictions」的設定",
      "请咨询主机商“SMTP Restrictions”的设置"},
     "docs.cpanel.net",
     "2026-11"},
    {"home",
     "home internet access",
     restricted,
     open,
     open,
     open,
     {"with a business line", "改用商用線路", "改用商业线路"},
     "providers' FAQs",
     "2026-11"},
};
}  // namespace
std::span<NetworkPolicy const> networks() { return table; }
NetworkPolicy const* find_network(std::string_view id_or_name) {
  for (auto const& row : table) {
    if (ascii::iequals(row.id, id_or_name) || ascii::iequals(row.name, id_or_name)) return &row;
  }
  return nullptr;
}
}  // namespace pb::advisor
