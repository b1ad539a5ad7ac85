// Classifies one ticket: consumer HOST:PORT TEXT. Exit 0 with the category, 1 with the error.
#include <iostream>

#include <guichet/client/client.h>
#include <guichet/client/error_details.h>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  guichet::ClientOptions options;
  options.target = argv[1];
  options.retry.max_attempts = 2;
  const auto client = guichet::Client::Connect(options);
  if (!client.ok()) return 2;
  const auto answer = client->Classify({.subject = "", .body = argv[2]});
  if (!answer.ok()) {
    std::cerr << guichet::StatusCodeName(answer.status().code()) << "\n";
    return 1;
  }
  std::cout << answer->scores.front().label << "\n";
}
