// mail_auth_settings.hpp: [dkim], [dmarc] and the keys' files turned into what the intake is told.
// Spec: docs/reference/configuration.md.                 Tests: mail_auth_settings_test.cpp
// Not here: signing and verifying (runtime/mail_auth_intake).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config_files.hpp"
#include "runtime/mail_auth_intake.hpp"

namespace pb::app {
struct DkimFiles {
  std::vector<std::string> paths;  // sorted
  std::vector<Problem> problems;   // folders that cannot be listed
};
/// DOMAIN/SELECTOR.pem below the configured folder: those that are to sign. Looks into the folder,
/// so only with its owner's rights. The usual folder need not be there; one that is named must.
DkimFiles dkim_key_files(Config const& config);

struct DkimKeys {
  std::vector<dkim::SigningKey> keys;  // sorted by domain and selector
  std::vector<Problem> problems;       // files that hold no key
};
/// From the contents that were read; looks at no file.
DkimKeys dkim_keys_of(LoadedConfig const& loaded);
/// Never null.
std::shared_ptr<runtime::DkimSigner const> dkim_signer(LoadedConfig const& loaded);

/// The key that `arc.key` names; absent: none is named, or its file holds none (check_arc says so).
std::optional<dkim::SigningKey> arc_key(LoadedConfig const& loaded);
std::vector<Problem> check_arc(LoadedConfig const& loaded);

runtime::MailAuthSettings mail_auth_settings(Config const& config,
                                             std::shared_ptr<runtime::DkimSigner const> signer);
}  // namespace pb::app
