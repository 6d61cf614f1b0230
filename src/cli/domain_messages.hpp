// domain_messages.hpp: what `packetboat domain check` says, in the three languages.
// Spec: docs/terms.md (words). Not here: the checks (domain_checks.cpp).
#pragma once

#include "text/message.hpp"

namespace pb::cli::domain_text {
using text::Text;

inline constexpr Text mx_none{"no MX record: servers fall back to the domain's own address",
                              "沒有 MX 紀錄：對方會改用網域本身的位址",
                              "没有 MX 记录：对方会改用域名本身的地址"};
inline constexpr Text mx_null{"null MX: the domain takes no mail", "空 MX：此網域不收信",
                              "空 MX：此域名不收信"};
inline constexpr Text mx_good{"{0} MX hosts, all with addresses", "{0} 個 MX 主機，都有位址",
                              "{0} 个 MX 主机，都有地址"};
inline constexpr Text mx_no_address{"MX host {0} has no address", "MX 主機 {0} 沒有位址",
                                    "MX 主机 {0} 没有地址"};
inline constexpr Text spf_none{"no SPF record: anyone may send in its name",
                               "沒有 SPF 紀錄：誰都能用它的名義寄信",
                               "没有 SPF 记录：谁都能用它的名义寄信"};
inline constexpr Text spf_several{"more than one SPF record: all are void (RFC 7208 4.5)",
                                  "有多筆 SPF 紀錄：全部無效（RFC 7208 4.5）",
                                  "有多条 SPF 记录：全部无效（RFC 7208 4.5）"};
inline constexpr Text spf_bad{"the SPF record is wrong: {0}", "SPF 紀錄有誤：{0}",
                              "SPF 记录有误：{0}"};
inline constexpr Text spf_good{"{0} of 10 look-ups are used", "用了 10 次查詢中的 {0} 次",
                               "用了 10 次查询中的 {0} 次"};
inline constexpr Text spf_lookups{"{0} look-ups: more than 10 make it void (RFC 7208 4.6.4)",
                                  "{0} 次查詢：超過 10 次即無效（RFC 7208 4.6.4）",
                                  "{0} 次查询：超过 10 次即无效（RFC 7208 4.6.4）"};
inline constexpr Text spf_include{
    "unknown: the DNS gave no answer for {0}, which the record includes; while that lasts, "
    "receivers answer 451 or take the mail unchecked",
    "不明：SPF 紀錄引用的 {0}，DNS 沒有回應；這段期間收件方會暫時拒收，或不檢查就收下",
    "未知：SPF 记录引用的 {0}，DNS 未回答；在此期间收件方会暂时拒收，或不检查就收下"};
inline constexpr Text spf_missing{
    "{0}, which the record includes, has no SPF record: all is void (RFC 7208 5.2)",
    "SPF 紀錄引用的 {0} 沒有 SPF 紀錄：全部無效（RFC 7208 5.2）",
    "SPF 记录引用的 {0} 没有 SPF 记录：全部无效（RFC 7208 5.2）"};
inline constexpr Text spf_open{"it ends in +all: anyone may send in its name",
                               "結尾是 +all：誰都能用它的名義寄信",
                               "结尾是 +all：谁都能用它的名义寄信"};
inline constexpr Text dkim_unknown{
    "selectors cannot be listed from DNS: name yours with --selector",
    "DNS 無法列出選擇器：請用 --selector 指定", "DNS 无法列出选择器：请用 --selector 指定"};
inline constexpr Text dkim_good{"selector {0}: a key of {1} bits", "選擇器 {0}：{1} 位元的金鑰",
                                "选择器 {0}：{1} 位的密钥"};
inline constexpr Text dkim_bad{"selector {0}: {1}", "選擇器 {0}：{1}", "选择器 {0}：{1}"};
inline constexpr Text dmarc_none{"no DMARC record: forged mail is treated as each receiver likes",
                                 "沒有 DMARC 紀錄：偽造信件由收件方自行處理",
                                 "没有 DMARC 记录：伪造邮件由收件方自行处理"};
inline constexpr Text dmarc_good{"p={0}, found at {1}", "p={0}，位於 {1}", "p={0}，位于 {1}"};
inline constexpr Text dmarc_mild{"p=none: forged mail is only counted, found at {0}",
                                 "p=none：偽造信件只被統計，位於 {0}",
                                 "p=none：伪造邮件只被统计，位于 {0}"};
inline constexpr Text sts_none{"no MTA-STS: others may be led to send without encryption",
                               "沒有 MTA-STS：他人可能被誘導不加密寄送",
                               "没有 MTA-STS：他人可能被诱导不加密发送"};
inline constexpr Text sts_good{"policy {0} is announced", "已公布政策 {0}", "已公布策略 {0}"};
inline constexpr Text record_bad{"the record is wrong: {0}", "紀錄有誤：{0}", "记录有误：{0}"};
inline constexpr Text tlsrpt_none{"no TLSRPT: nobody tells you when encryption fails",
                                  "沒有 TLSRPT：加密失敗時沒人會通知你",
                                  "没有 TLSRPT：加密失败时没人会通知你"};
inline constexpr Text tlsrpt_good{"reports go to {0}", "報告寄到 {0}", "报告寄到 {0}"};
inline constexpr Text tlsa_none{"{0}: no TLSA record (DANE needs DNSSEC)",
                                "{0}：沒有 TLSA 紀錄（DANE 需要 DNSSEC）",
                                "{0}：没有 TLSA 记录（DANE 需要 DNSSEC）"};
inline constexpr Text tlsa_good{"{0}: {1} usable TLSA records", "{0}：{1} 筆可用的 TLSA 紀錄",
                                "{0}：{1} 条可用的 TLSA 记录"};
inline constexpr Text tlsa_bad{"{0}: no TLSA record that SMTP can use (RFC 7672 3.1)",
                               "{0}：沒有 SMTP 能用的 TLSA 紀錄（RFC 7672 3.1）",
                               "{0}：没有 SMTP 能用的 TLSA 记录（RFC 7672 3.1）"};
inline constexpr Text ptr_good{"{0} is called {1}, and back", "{0} 名為 {1}，正反一致",
                               "{0} 名为 {1}，正反一致"};
inline constexpr Text ptr_bad{
    "{0} has no name that points back to it: many servers refuse its mail",
    "{0} 沒有能對回它的名稱：許多伺服器會拒收", "{0} 没有能对应回它的名称：许多服务器会拒收"};
inline constexpr Text dns_failed{"DNS failed for {0}: try again later", "查詢 {0} 失敗：請稍後再試",
                                 "查询 {0} 失败：请稍后再试"};
inline constexpr Text publish{"publish:", "請發布：", "请发布："};
inline constexpr Text verdict_good{"Publish nothing: {0} is set up well.",
                                   "不需更動：{0} 設定良好。", "无需更改：{0} 设置良好。"};
inline constexpr Text verdict_missing{"Publish the records above: {0} of the checks want it.",
                                      "請發布上列紀錄：有 {0} 項檢查需要。",
                                      "请发布以上记录：有 {0} 项检查需要。"};
}  // namespace pb::cli::domain_text
