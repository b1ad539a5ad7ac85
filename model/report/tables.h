#pragma once

#include <string>

#include "model/report/evaluation_report.h"

// The tables of the page, as HTML. Private to model/report.

namespace guichet {

// The candidate beside the model in service and the baselines. Empty with nothing to compare.
std::string ComparisonTable(const EvaluationReport& report);
// One row a label: figures, and threshold where precision was promised.
std::string LabelTable(const EvaluationReport& report);
// The surest mistakes, by the tickets' ids.
std::string MistakeTable(const EvaluationReport& report);
// Every figure of the report.
std::string FigureTable(const EvaluationReport& report);
std::string ProvenanceTable(const EvaluationReport& report);

}  // namespace guichet
