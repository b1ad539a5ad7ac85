#include <algorithm>
#include <regex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/report/sample_report.h"

namespace guichet {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<std::string> kLabels = {"Accès et mots de passe", "Matériel", "Réseau"};

// What is wrong with a page as XML: tags that do not nest, attributes without quotes, references
// that are none. Empty: nothing.
std::string ProblemOf(const std::string& page) {
  std::vector<std::string> open;
  static const std::regex kTag(R"(^<(/?)([a-z][a-z0-9]*)((?: [a-z0-9A-Z-]+="[^"<]*")*)(/?)>)");
  static const std::regex kReference("^&(amp|lt|gt|quot|#39);");
  size_t at = page.find("<html");
  if (!page.starts_with("<!DOCTYPE html>\n") || at == std::string::npos) return "no HTML";
  while (at < page.size()) {
    std::smatch match;
    const auto begin = page.cbegin() + static_cast<std::ptrdiff_t>(at);
    if (page[at] == '&' && !std::regex_search(begin, page.cend(), match, kReference)) {
      return "a bare & at " + page.substr(at, 40);
    }
    if (page[at] != '<') {
      ++at;
      continue;
    }
    const auto end = page.cbegin() + static_cast<std::ptrdiff_t>(page.find('>', at)) + 1;
    if (!std::regex_search(begin, end, match, kTag)) return "no tag: " + page.substr(at, 80);
    if (match[1].length() > 0) {
      if (open.empty() || open.back() != match[2]) return "stray end: " + page.substr(at, 40);
      open.pop_back();
    } else if (match[4].length() == 0) {
      open.push_back(match[2]);
    }
    at += static_cast<size_t>(match.length());
  }
  return open.empty() ? "" : "left open: " + open.back();
}

TEST(ProblemOfTest, FindsWhatIsWrong) {
  const std::string start = "<!DOCTYPE html>\n<html>";
  EXPECT_EQ(ProblemOf(start + "<p class=\"x\">a &amp; b<br/></p></html>"), "");
  EXPECT_NE(ProblemOf(start + "<p>a & b</p></html>"), "");
  EXPECT_NE(ProblemOf(start + "<p>a</html>"), "");
  EXPECT_NE(ProblemOf(start + "<p>a < b</p></html>"), "");
  EXPECT_NE(ProblemOf(start + "<p class=x></p></html>"), "");
}

TEST(ReportPageTest, IsWellFormedWithEveryPart) {
  const std::string page = ToHtml(SampleReport(kLabels));
  EXPECT_EQ(ProblemOf(page), "");
  for (const char* part :
       {"Verdict", "Coverage against precision", "Reliability", "Confusion matrix", "Labels",
        "Worst mistakes", "Learning curve", "All figures", "Where it comes from",
        "Compared on the same rows", "in service (tickets)", "INC-", "PROMOTE",
        "Promised precision: <b>90 %</b>", "2 of 3 labels can keep the promise", "abstains"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
}

TEST(ReportPageTest, LoadsAndRunsNothing) {
  const std::string page = ToHtml(SampleReport(kLabels));
  for (const char* outside : {"http://", "https://", "//", "<script", "<link", "<img", "<iframe",
                              "<object", "@import", "url(", "src=", "href=", "javascript:"}) {
    // The policy names no address, and the style sheet has no comments.
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
  EXPECT_FALSE(std::regex_search(page, std::regex(R"(\son[a-z]+=)")));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(ReportPageTest, WhatUsersWriteStaysText) {
  const std::string attack = "\"><script>alert('é')</script>&<b onload=\"x\">";
  EvaluationReport report = SampleReport({attack, "</style><img src=x>", "]]>\x01\xFF<!--"});
  report.model = attack;
  report.compared[1].name = attack;
  report.gate->reasons = {attack};
  report.provenance.emplace_back(attack, attack);
  report.no_baseline = attack;
  for (Mistake& mistake : report.judgement.worst_mistakes) mistake.id = attack;
  const std::string page = ToHtml(report);
  EXPECT_EQ(ProblemOf(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("<!--")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&#39;é&#39;)&lt;/script&gt;"));
}

TEST(ReportPageTest, ManyLongLabelsStayReadableAndBounded) {
  std::vector<std::string> labels;
  for (int i = 0; i < 70; ++i) {
    labels.push_back("Gestion des équipements téléphoniques et des accès distants n° " +
                     std::to_string(i));
  }
  const std::string page = ToHtml(SampleReport(labels));
  EXPECT_EQ(ProblemOf(page), "");
  EXPECT_THAT(page, HasSubstr(">1 Gestion des équipements téléphoni…</text>"));
  EXPECT_THAT(page, HasSubstr("Confusion matrix of 60 labels"));
  EXPECT_THAT(page, HasSubstr("10 more are in report.json"));
  EXPECT_LT(page.size(), 3U << 20);
}

TEST(ReportPageTest, SaysOnWhichRowsItJudges) {
  EvaluationReport report = SampleReport(kLabels);
  EXPECT_THAT(ToHtml(report), HasSubstr("180 held-out rows, which trained and chose nothing"));
  report.judged_on = "validation";
  report.gate.reset();
  report.unknown_label_rows = 7;
  const std::string page = ToHtml(report);
  EXPECT_EQ(ProblemOf(page), "");
  EXPECT_THAT(page, HasSubstr("the figures are somewhat too good"));
  EXPECT_THAT(page, HasSubstr("no model was in service"));
  EXPECT_THAT(page, HasSubstr("7 more rows bear a label"));
  EXPECT_THAT(page, HasSubstr("measured on the rows that chose the thresholds"));
}

TEST(ReportPageTest, PartsWithoutDataAreLeftOut) {
  EvaluationReport report = SampleReport(kLabels);
  report.judged_on = "data";
  report.history.clear();
  report.compared.clear();
  report.provenance.clear();
  report.promise.reset();
  report.judgement.worst_mistakes.clear();
  const std::string page = ToHtml(report);
  EXPECT_EQ(ProblemOf(page), "");
  EXPECT_THAT(page, Not(HasSubstr("Learning curve")));
  EXPECT_THAT(page, Not(HasSubstr("Compared on")));
  EXPECT_THAT(page, Not(HasSubstr("threshold</th>")));
  EXPECT_THAT(page, HasSubstr("No row is answered wrongly"));
}

}  // namespace
}  // namespace guichet
