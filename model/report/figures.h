#pragma once

#include <string>

#include "model/report/evaluation_report.h"

// The figures of the page, each as HTML with its caption. Private to model/report.

namespace guichet {

std::string CoverageFigure(const EvaluationReport& report);
std::string ReliabilityFigure(const EvaluationReport& report);
// Empty without a history.
std::string LearningFigure(const EvaluationReport& report);
// Rows of truth, columns of answers; the labels with the most rows when there are many.
std::string ConfusionFigure(const EvaluationReport& report);

}  // namespace guichet
