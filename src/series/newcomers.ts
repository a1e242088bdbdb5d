import { givenOf, type LabelShape, noShape } from '../model/label-shape';
import type { LabelTexts } from '../model/labels';
import type { SeriesBudget } from '../store/series-budget';
import { type CellHolder, type NewcomerPlaces, newMeeting, noMeeting } from '../store/store';
import type { FamilySeries, Series } from './series';
import type { SeriesTable } from './table';

/**
 * The series of a family that have been used once. They are known to the store only: to make an object for each and to enter it
 * in the table takes most of the time of a new series, and of many labels every value comes once.
 */
export class Newcomers<S extends Series> {
  readonly #places: NewcomerPlaces;
  readonly #budget: SeriesBudget;
  readonly #table: SeriesTable<S>;
  readonly #family: number;
  readonly #names: readonly string[];
  readonly #cells: number;
  readonly #newSeries: () => S;
  /** Stands for one newcomer after the other, each for one use. */
  readonly #guest: S;
  #count = 0;
  #hasTaken = false;

  /** `newSeries` makes series that are nothing but their `cells`. */
  constructor(
    places: NewcomerPlaces,
    { store, table, family, definition }: FamilySeries<S>,
    cells: number,
    newSeries: () => S,
  ) {
    this.#places = places;
    this.#budget = store.budget;
    this.#table = table;
    this.#family = family;
    this.#names = definition.labelNames;
    this.#cells = cells;
    this.#newSeries = newSeries;
    this.#guest = newSeries();
  }

  /** Whether some were entered in the table later than they came: it is in no order then. */
  get hasTaken(): boolean {
    return this.#hasTaken;
  }

  /**
   * The series of texts that the table does not have. That of a newcomer is in the table from now on. If there is none there is one
   * from now on, whose labels have that shape, and the result stands for it: it must be written at once, and is dead as soon as it
   * is looked at again. With `noShape`, and where there is no place for one, there is none.
   */
  meet(texts: LabelTexts, shape: LabelShape): S | undefined {
    const wanted = this.#budget.left > 0 ? shape : noShape;
    if (wanted === noShape && this.#count === 0) return undefined;
    const guest = this.#guest;
    const meeting = this.#places.meet(this.#family, texts, wanted, this.#cells, guest);
    if (meeting === noMeeting) return undefined;
    if (meeting === newMeeting) {
      this.#budget.left--;
      this.#count++;
      guest.record = -1;
      return guest;
    }
    this.#count--;
    const series = this.#enter(texts, meeting, guest);
    guest.record = -1;
    return series;
  }

  /** Enters all in the table. */
  takeAll(): void {
    if (this.#count === 0) return;
    this.#count = 0;
    for (const newcomer of this.#places.takeNewcomers(this.#family, this.#names.length)) {
      this.#enter(newcomer.texts, newcomer.shape, newcomer);
    }
  }

  /** Removes all. */
  releaseAll(): void {
    if (this.#count === 0) return;
    this.#budget.left += this.#count;
    this.#count = 0;
    this.#places.releaseNewcomers(this.#family);
  }

  #enter(texts: LabelTexts, shape: LabelShape, { values, index, record }: CellHolder): S {
    const series = this.#newSeries();
    series.values = values;
    series.index = index;
    series.record = record;
    this.#table.add(texts, givenOf(shape, texts, this.#names), series);
    this.#hasTaken = true;
    return series;
  }
}
