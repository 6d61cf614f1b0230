// server_software.cpp: words of the programs as a table; the first row that is in the text decides.
// Spec: server_software.hpp.
// Tests: server_software_test.cpp
#include "advisor/server_software.hpp"

#include <algorithm>
#include <string>

#include "base/ascii.hpp"

namespace pb::advisor {
namespace {
struct Row {
  std::string_view words;  // in lower case
  std::string_view vendor, product;
};
constexpr Row rows[] = {
    // What names itself within another's name, before that other.
    {"metainfo sendmail", "MetaInfo", "Sendmail"},
    {"turbosendmail", "BT", "IntraStore"},
    {"mail-in-a-box", "Postfix", "Postfix"},
    {"postfix", "Postfix", "Postfix"},
    {"opensmtpd", "OpenBSD", "OpenSMTPD"},
    {"exim", "exim", "exim"},
    {"sendmail", "Sendmail", "Sendmail"},
    {"qmail home page", "qmail", "qmail"},
    {"microsoft exchange internet mail", "Microsoft", "Exchange Server"},
    {"microsoft esmtp mail service ready at", "Microsoft", "Exchange Server"},
    {"microsoft esmtp mail service, version", "Microsoft", "IIS"},
    {"microsoft smtp mail ready", "Microsoft", "IIS"},
    {"ibm domino", "IBM", "IBM Domino"},
    {"lotus domino build", "Lotus", "Lotus Domino"},
    {"lotus domino", "IBM", "Lotus Domino"},
    {"lotus smtp mta", "Lotus", "Lotus Domino"},
    {"lotus notes esmtp", "Lotus", "Lotus Domino"},
    {"(imail ", "Ipswitch", "IMail Server"},
    {"analogx proxy", "AnalogX", "Proxy"},
    {"argosoft", "ArGoSoft", "Mail Server"},
    {"appleshare ip mail", "Apple", "AppleShare IP Mail Server"},
    {"firewall-1", "Check Point", "Firewall-1"},
    {"smtp/cmap", "Cisco", "PIX"},
    {"ccproxy", "Youngzsoft", "CCProxy"},
    {"csm internet mail scanner", "CSM", "Internet Mail Scanner"},
    {"ims smtp receiver", "EMWAC", "Internet Mail Services"},
    {"eudora internet mail server", "Eudora", "Internet Mail Server"},
    {"ftgate", "Floosietek", "FTGate"},
    {"smtp/smap", "TIS", "FWTK"},
    {"groupwise", "Novell", "GroupWise"},
    {"ibm vm smtp", "IBM", "VM"},
    {"james smtp server", "Apache", "James"},
    {"mailenable", "MailEnable", "Mail Server"},
    {"mail-max", "Mail-Max", "Mail-Max"},
    {"mailsite", "Rockliffe", "MailSite"},
    {"mailsweeper", "Clearswift", "MAILsweeper"},
    {"mdaemon", "Alt-N", "MDaemon"},
    {"merak ", "Merak", "Mail Server"},
    {"mercur smtp", "Atrium Software", "MERCUR"},
    {"mercury/32", "David Harris", "Mercury Mail Transport System"},
    {"mercury ", "David Harris", "Mercury Mail Transport System"},
    {"smtp navieg", "Norton", "Antivirus for Gateways"},
    {"netscape messaging server", "Netscape", "Messaging Server"},
    {"ntmail (", "Gordano", "NTMail"},
    {"windowsnt smtp server", "Gordano", "NTMail"},
    {"openvms", "HP", "OpenVMS"},
    {"pmailserver", "A.K.I Software", "PMail Server"},
    {"post.office", "", "Post.Office"},
    {"generic smtp handler", "", "raptor"},
    {" sap ", "SAP", "SMTP"},
    {"sun internet mail server", "Sun", "Internet Mail Server"},
    {"ecelerity", "Ecelerity", "Ecelerity Mail Server"},
    {"slmail", "Seattle Labs", "SLMail"},
    {"symantec mail security", "Symantec", "Mail Security for SMTP"},
    {"symantec messaging gateway", "Symantec", "Messaging Gateway"},
    {"sonicwall", "SonicWall", "Email Security"},
    {"powermta", "port25", "PowerMTA"},
    {"vopmail", "Vircom", "VOPMail"},
    {"vpop3", "Paul Smith Computer Services", "VPOP3"},
    {"webshield", "McAfee", "WebShield"},
    {"virusscreen asap", "McAfee", "WebShield"},
    {"lyris listmanager", "Lyris", "ListManager"},
    {"winroute", "", "WinRoute"},
    {"zmailer", "ZMailer", "ZMailer"},
    {"kerio connect", "Kerio", "Kerio Connect"},
    {"communigate pro", "Communigate", "Communigate Pro"},
    {"no uce no ube no relay", "Twisted Matrix Labs", "Twisted Mail"},
    {"cellopoint", "Cellopoint", "E-mail Firewall"},
    {"winwebmail", "Ma Jian", "WinWebMail"},
    {"david.fx", "Tobit Software", "David"},
    {"esmtp perl", "", "Perl"},
    {"barracuda", "Barracuda", "Email Security Gateway"},
    // Answers to other commands.
    {"500 no way!", "exim", "exim"},
    {"expn not available", "exim", "exim"},
    {"vrfy not available", "exim", "exim"},
    {"> is syntactically correct", "exim", "exim"},
    {"> is deliverable", "exim", "exim"},
    {"> is not deliverable", "exim", "exim"},
    {"what? i don't understand that", "Alt-N", "MDaemon"},
    {"502 command is not active", "Alt-N", "MDaemon"},
    {"why is there an noop instruction", "Alt-N", "MDaemon"},
    {"lists are confidential", "Ipswitch", "IMail Server"},
    {"unable to find list '", "Seattle Labs", "SLMail"},
    {"2.0.0 doing nothing", "Eudora", "Internet Mail Server"},
    {"not accepting any command except quit", "", "raptor"},
    {"504 <", "Symantec", "Mail Security for SMTP"},
};

/// A middlebox that writes asterisks over the greeting.
bool is_masked(std::string_view text) {
  return text.size() >= 10 && std::ranges::all_of(text, [](char c) { return c == '*'; });
}

std::string_view without_code(std::string_view text) {
  bool const coded = text.size() > 4 && std::ranges::all_of(text.substr(0, 3), ascii::is_digit);
  return coded ? text.substr(4) : text;
}
}  // namespace

ServerSoftware server_software(std::string_view reply) {
  if (is_masked(ascii::trim(without_code(reply)))) return {"Cisco", "PIX"};
  std::string const text = ascii::to_lower(reply);
  for (auto const& row : rows) {
    if (text.contains(row.words)) return {row.vendor, row.product};
  }
  return {};
}

bool is_unnamed_greeting(std::string_view reply) {
  if (!server_software(reply).product.empty()) return false;
  auto const words = ascii::split(ascii::trim(without_code(reply)), ' ');
  // [host] (SMTP | ESMTP) ["service"] ["ready"], RFC 5321 section 4.2
  auto const protocol = [](std::string_view word) {
    return ascii::iequals(word, "smtp") || ascii::iequals(word, "esmtp");
  };
  auto const at = std::ranges::find_if(words, protocol);
  if (at == words.end() || at - words.begin() > 1) return false;
  return std::all_of(at + 1, words.end(), [](std::string_view word) {
    return ascii::iequals(word, "service") || ascii::iequals(word, "ready");
  });
}
}  // namespace pb::advisor
