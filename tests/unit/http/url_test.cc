#include "model/http/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

TEST(UrlTest, OriginsAreComparedAsServersAreReached) {
  const auto hub = OriginOf("https://hub.example/api/models");
  ASSERT_TRUE(hub.ok()) << hub.status();
  EXPECT_EQ(hub->port, "443");
  EXPECT_EQ(*OriginOf("HTTPS://Hub.Example:443/other?x=1"), *hub);
  // What differs in scheme, port or host is another origin, however much it looks alike.
  for (const char* other :
       {"http://hub.example/", "https://hub.example:8443/", "https://hub.example.evil.example/",
        "https://hub.example@evil.example/", "https://evil.example/hub.example",
        "https://evil.example#hub.example"}) {
    EXPECT_NE(*OriginOf(other), *hub) << other;
  }
}

TEST(UrlTest, WhatIsNoWebAddressIsRefused) {
  for (const char* bad : {"", "hub.example", "/api", "ftp://hub.example/", "file:///etc/passwd",
                          "https://", "http://[::1", "https://hub example/"}) {
    EXPECT_EQ(OriginOf(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(UrlTest, PartsAreEncodedByteForByte) {
  EXPECT_EQ(PercentEncoded("refs/pr/1"), "refs%2Fpr%2F1");
  EXPECT_EQ(PercentEncoded("a-b_c.d~e"), "a-b_c.d~e");
  EXPECT_EQ(PercentEncoded("é &?#%"), "%C3%A9%20%26%3F%23%25");
}

}  // namespace
}  // namespace guichet
