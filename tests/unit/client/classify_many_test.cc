#include "client/classify_many.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/client.h"
#include "tests/unit/client/fake_stub.h"

namespace guichet {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// Keeps calls open until it is told to answer them, in an order of the test's choice.
class HeldConnection final : public Connection {
 public:
  void Classify(ClassifyCall call, ClassifyCallback done) override {
    sizes.push_back(call.tickets.size());
    timeouts.push_back(call.timeout.value());
    open.emplace_back(std::move(call), std::move(done));
    most_open = std::max(most_open, open.size());
    if (answer_newest_first_at != 0 && open.size() >= answer_newest_first_at) AnswerNewestFirst();
  }
  void CheckHealth(const HealthCall&, HealthCallback done) override {
    done(ServingState::kNotServing);
  }
  void AnswerNewestFirst() {
    while (!open.empty()) {
      auto [call, done] = std::move(open.back());
      open.pop_back();
      if (fails_all_with.ok()) {
        ClassifyReply reply;
        for (const TicketText& ticket : call.tickets) {
          if (ticket.body == "bad") {
            reply.results.emplace_back(absl::InvalidArgumentError("bad ticket"));
          } else {
            reply.results.emplace_back(AnswerTo(ticket));
          }
        }
        done(std::move(reply));
      } else {
        done(fails_all_with);
      }
    }
  }

  std::size_t answer_newest_first_at = 0;
  absl::Status fails_all_with;
  std::vector<std::pair<ClassifyCall, ClassifyCallback>> open;
  std::vector<std::size_t> sizes;
  std::vector<std::chrono::milliseconds> timeouts;
  std::size_t most_open = 0;
};

std::vector<TicketText> Tickets(int count) {
  std::vector<TicketText> tickets;
  for (int i = 0; i < count; ++i) {
    tickets.push_back({.id = std::to_string(i), .subject = "", .body = std::to_string(i)});
  }
  return tickets;
}

TEST(ClassifyManyTest, KeepsTheOrderOfTheListWhateverComesFirst) {
  auto connection = std::make_shared<HeldConnection>();
  connection->answer_newest_first_at = 4;
  const auto answers =
      Client(connection).ClassifyMany(Tickets(4 * 10 * 5), {}, {.tickets_per_call = 10});
  ASSERT_TRUE(answers.ok());
  ASSERT_THAT(*answers, SizeIs(200));
  for (std::size_t i = 0; i < answers->size(); ++i) {
    ASSERT_TRUE((*answers)[i].ok());
    EXPECT_EQ((*answers)[i]->id, std::to_string(i));
  }
  EXPECT_EQ(connection->most_open, 4U);  // bounded by calls_in_flight, and used
  EXPECT_THAT(connection->sizes, Each(10U));
  EXPECT_THAT(connection->timeouts, Each(std::chrono::milliseconds(60'000)));
}

TEST(ClassifyManyTest, CutsCallsByTicketsAndBytes) {
  HeldConnection connection;
  connection.answer_newest_first_at = 1;
  std::vector<TicketText> tickets = Tickets(5);
  tickets[1].body = std::string(700, 'x');
  tickets[2].body = std::string(700, 'x');   // does not fit with its neighbour
  tickets[3].body = std::string(5000, 'x');  // fits nowhere: goes alone
  std::size_t next = 0;
  ClassifyMany(connection, {}, {.tickets_per_call = 64, .bytes_per_call = 1024},
               {.next = [&]() -> std::optional<TicketText> {
                  if (next == tickets.size()) return std::nullopt;
                  return tickets[next++];
                },
                .take = [](const absl::StatusOr<ClassifiedTicket>&) { return true; }});
  EXPECT_THAT(connection.sizes, ElementsAre(2, 1, 1, 1));
}

TEST(ClassifyManyTest, AFailedTicketOrCallFailsNothingElse) {
  auto connection = std::make_shared<HeldConnection>();
  connection->answer_newest_first_at = 1;
  std::vector<TicketText> tickets = Tickets(3);
  tickets[1].body = "bad";
  const auto answers = Client(connection).ClassifyMany(tickets);
  ASSERT_TRUE(answers.ok());
  EXPECT_TRUE((*answers)[0].ok());
  EXPECT_EQ((*answers)[1].status(), absl::InvalidArgumentError("bad ticket"));
  EXPECT_TRUE((*answers)[2].ok());

  connection->fails_all_with = absl::NotFoundError("no such model");
  const auto failed = Client(connection).ClassifyMany(tickets);
  ASSERT_THAT(*failed, SizeIs(3));
  for (const auto& answer : *failed) EXPECT_EQ(answer.status(), connection->fails_all_with);
}

TEST(ClassifyManyTest, AnEmptyListMakesNoCall) {
  auto connection = std::make_shared<HeldConnection>();
  const auto answers = Client(connection).ClassifyMany({});
  ASSERT_TRUE(answers.ok());
  EXPECT_THAT(*answers, SizeIs(0));
  EXPECT_THAT(connection->sizes, SizeIs(0));
}

TEST(ClassifyManyTest, EndsWhenTheSinkHasEnough) {
  HeldConnection connection;
  connection.answer_newest_first_at = 1;
  int produced = 0;
  int taken = 0;
  ClassifyMany(connection, {}, {.tickets_per_call = 1, .calls_in_flight = 2},
               {.next = [&]() -> std::optional<TicketText> {
                  return TicketText{.id = "", .subject = "", .body = std::to_string(produced++)};
                },
                .take = [&](const absl::StatusOr<ClassifiedTicket>&) { return ++taken < 5; }});
  EXPECT_EQ(taken, 5);
  EXPECT_LE(produced, 7);
}

TEST(ClassifyManyTest, AnswersWhatIsThereBeforeItWaitsForMore) {
  HeldConnection connection;
  connection.answer_newest_first_at = 1;
  int produced = 0;
  int taken = 0;
  ClassifyMany(
      connection, {}, {.tickets_per_call = 64, .calls_in_flight = 4},
      {.next = [&]() -> std::optional<TicketText> {
         if (produced % 3 == 0) {
           EXPECT_EQ(taken, produced) << "it waits with answers in its hands";
         }
         if (produced == 9) return std::nullopt;
         return TicketText{.id = "", .subject = "", .body = std::to_string(produced++)};
       },
       .take = [&](const absl::StatusOr<ClassifiedTicket>&) { return ++taken <= produced; },
       .ready = [&] { return produced % 3 != 0; }});  // they come in threes
  EXPECT_EQ(taken, 9);
  EXPECT_THAT(connection.sizes, ElementsAre(3, 3, 3));
}

TEST(ClassifyManyTest, StopLeavesUnansweredCallsBehind) {
  HeldConnection connection;
  int asked = 0;
  ClassifyMany(connection, {}, {.tickets_per_call = 1, .calls_in_flight = 1},
               {.next = [] { return TicketText{.id = "", .subject = "", .body = "x"}; },
                .take =
                    [](const absl::StatusOr<ClassifiedTicket>&) {
                      ADD_FAILURE() << "nothing was answered";
                      return true;
                    },
                .stop = [&asked] { return ++asked > 1; }});
  ASSERT_THAT(connection.open, SizeIs(1));
  connection.AnswerNewestFirst();  // a late answer finds nobody, and hurts nobody
}

TEST(ClassifyManyTest, ValidateNamesTheField) {
  EXPECT_TRUE(ManyOptions{}.Validate().ok());
  const auto message = [](const ManyOptions& options) {
    return std::string(options.Validate().message());
  };
  EXPECT_THAT(message({.tickets_per_call = 0}), HasSubstr("tickets_per_call is 0"));
  EXPECT_THAT(message({.bytes_per_call = 1}), HasSubstr("bytes_per_call is 1"));
  EXPECT_THAT(message({.calls_in_flight = 65}), HasSubstr("calls_in_flight is 65"));
  EXPECT_THAT(message({.call_timeout = std::chrono::milliseconds(0)}), HasSubstr("call_timeout"));
  const auto answers = Client(std::make_shared<HeldConnection>())
                           .ClassifyMany(Tickets(1), {}, {.tickets_per_call = 0});
  EXPECT_EQ(answers.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ClientTest, ClassifiesOneTicketThroughAMockedConnection) {
  auto connection = std::make_shared<HeldConnection>();
  connection->answer_newest_first_at = 1;
  connection->timeouts.clear();
  const Client client(connection);
  ClassifyCall call;
  call.timeout = std::chrono::milliseconds(5);
  call.tickets = Tickets(1);
  const auto reply = client.Classify(std::move(call));
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->results[0]->scores[0].label, "label of 0");
  EXPECT_EQ(*client.CheckHealth(), ServingState::kNotServing);
}

}  // namespace
}  // namespace guichet
