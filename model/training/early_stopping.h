#pragma once

namespace guichet {

// Remembers the best score of a run and when to give up. Higher is better.
class EarlyStopping {
 public:
  // Gives up after `patience` scores in a row that are not more than min_delta above the best;
  // never with patience 0.
  EarlyStopping(int patience, double min_delta) : patience_(patience), min_delta_(min_delta) {}

  // Takes the next score; true when it is the best so far, by however little.
  bool Improves(double score);
  bool GivesUp() const { return patience_ > 0 && since_best_ >= patience_; }

 private:
  const int patience_;
  const double min_delta_;
  bool any_ = false;
  double best_ = 0.0;
  int since_best_ = 0;
};

}  // namespace guichet
