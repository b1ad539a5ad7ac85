#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace guichet {

// One axis of a plot.
struct PlotAxis {
  double low = 0;
  double high = 1;
  std::string title;
  bool percent = true;  // tick labels as shares of 100
  bool whole = false;   // ticks at whole numbers only
};

using PlotPoints = std::vector<std::pair<double, double>>;

// A plot as inline SVG, coloured by the page's style sheet. What lies outside the axes is moved to
// their ends. Texts are escaped here. Private to model/report.
class Plot {
 public:
  Plot(PlotAxis x, PlotAxis y);

  // Classes name a series ("candidate", "other", "guide") for the style sheet.
  void Line(const PlotPoints& points, std::string_view series);
  // The area between two values of y at each x; empty without points.
  void Band(const PlotPoints& low, const PlotPoints& high, std::string_view series);
  void Dot(std::pair<double, double> at, std::string_view series, std::string_view hint);
  void Note(std::pair<double, double> at, std::string_view text, std::string_view anchor = "start");

  // `description` is read out by screen readers.
  std::string Finish(std::string_view description) const;

 private:
  double X(double value) const;
  double Y(double value) const;
  std::string Coordinates(const PlotPoints& points) const;
  std::string Frame() const;

  const PlotAxis x_;
  const PlotAxis y_;
  std::string marks_;
};

// Round numbers inside [low, high], at most seven. low < high.
std::vector<double> RoundTicks(double low, double high);

}  // namespace guichet
