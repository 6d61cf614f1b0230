// config_document.cpp: a TOML file as a flat list of values with their places.
// Spec: TOML 1.0, read by toml++.       Not here: which keys exist and what they mean
// (config_keys).  Tests: config_test.cpp
#define TOML_EXCEPTIONS 0
#include "app/config_document.hpp"

#include <toml++/toml.h>
#include <algorithm>

namespace pb::app {
namespace {
Place place_of(toml::source_region const& region) {
  return {static_cast<unsigned>(region.begin.line), static_cast<unsigned>(region.begin.column)};
}

class Flattener {
 public:
  Flattener(Document& document, std::string const& file) : document_{document}, file_{file} {}

  void table(toml::table const& table, std::string const& path, std::size_t item) {
    for (auto const& [key, node] : table) {
      std::string const name{key.str()};
      this->node(node, path.empty() ? name : path + "." + name, {item, place_of(key.source())});
    }
  }

 private:
  struct At {
    std::size_t item;
    Place place;
  };

  void node(toml::node const& node, std::string const& path, At at) {
    if (auto const* inner = node.as_table()) {
      document_.items.push_back({path, at.item, at.place, false});
      table(*inner, path, at.item);
    } else if (auto const* array = node.as_array()) {
      this->array(*array, path, at);
    } else if (auto const* text = node.as_string()) {
      add(path, at, text->get());
    } else if (auto const* number = node.as_integer()) {
      add(path, at, number->get());
    } else if (auto const* flag = node.as_boolean()) {
      add(path, at, flag->get());
    } else {
      problem(at.place, path + ": write a text in quotes, a whole number, true or false");
    }
  }

  void array(toml::array const& array, std::string const& path, At at) {
    if (array.is_array_of_tables()) {
      for (std::size_t i = 0; i < array.size(); ++i) {
        document_.items.push_back({path, i, place_of(array[i].source()), true});
        table(*array[i].as_table(), path, i);
      }
      return;
    }
    std::vector<std::string> texts;
    for (toml::node const& element : array) {
      auto const* text = element.as_string();
      if (text == nullptr) return problem(at.place, path + ": write a list of texts in quotes");
      texts.push_back(text->get());
    }
    add(path, at, std::move(texts));
  }

  void add(std::string const& path, At at, Value value) {
    document_.entries.push_back({path, at.item, std::move(value), at.place});
  }
  void problem(Place place, std::string text) {
    document_.problems.push_back({Severity::error, file_, place, std::move(text)});
  }

  Document& document_;
  std::string const& file_;
};
}  // namespace

Document parse_document(std::string_view toml, std::string const& file) {
  Document document;
  toml::parse_result const result = toml::parse(toml, file);
  if (!result) {
    toml::parse_error const& error = result.error();
    document.problems.push_back(
        {Severity::error, file, place_of(error.source()), std::string{error.description()}});
    return document;
  }
  Flattener{document, file}.table(result.table(), "", 0);
  auto const earlier = [](Entry const& a, Entry const& b) {
    return std::pair{a.place.line, a.place.column} < std::pair{b.place.line, b.place.column};
  };
  std::ranges::sort(document.entries, earlier);
  return document;
}
}  // namespace pb::app
