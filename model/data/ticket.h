#pragma once

#include <string>

namespace guichet {

// One ticket of a dataset or an input file. Empty fields are absent.
struct Ticket {
  std::string id;
  std::string subject;
  std::string body;
  std::string label;

  // What the model reads: subject, a line end, body; one alone when the other is empty.
  std::string Text() const {
    if (subject.empty()) return body;
    if (body.empty()) return subject;
    return subject + "\n" + body;
  }
};

}  // namespace guichet
