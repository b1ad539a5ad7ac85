#pragma once

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/scripted_operator_server.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/cli/guichet_command.h"

namespace guichet {

inline const std::string kTickets = "subject,label\nVPN coupé,Réseau\nEcran noir,Matériel\n";

inline v1::Job JobIn(v1::JobState state) {
  v1::Job job;
  job.set_id("j1");
  job.set_state(state);
  return job;
}

// `guichet` as a process against a gRPC server in this one, with a data set in a file.
class OperatorCommandsTest : public testing::Test {
 protected:
  OperatorCommandsTest() : data_((folder_.path() / "tickets.csv").string()) {
    std::ofstream(data_) << kTickets;
  }

  std::vector<std::string> Words(std::vector<std::string> words) const {
    words.insert(words.end(), {"--server", server_.target()});
    return words;
  }
  ProgramRun Ask(const std::vector<std::string>& words) const { return Guichet(Words(words)); }

  TempFolder folder_;
  const std::string data_;
  ScriptedOperatorServer server_;
};

}  // namespace guichet
