# Writes small files of every public data set that docs/data_sets.md names, by the names under which they are
# downloaded, for tests/checks/documents.sh. Forty users, thirty items, both answers.
function liked(u, i) { return (u + i) % 3 != 0 }
function text(like) {
  return like ? "It has a warm sound and a bright cover which I liked" : "It has a dull cover and a broken case and I gave it away"
}
function genre(i) { return i % 3 ? "Drama|War" : "Comedy" }
BEGIN {
  print "user_id,anime_id,rating" > "rating.csv"
  print "anime_id,name,genre,type,episodes,rating,members" > "anime.csv"
  print "movieId,title,genres" > "ml-latest-small/movies.csv"
  print "userId,movieId,rating,timestamp" > "ml-latest-small/ratings.csv"
  print "user_id:token\titem_id:token\trating:float\ttimestamp:float" > "ml-100k.inter"
  print "item_id:token\tmovie_title:token_seq\tclass:token_seq" > "ml-100k.item"
  for (i = 0; i < 30; ++i) {
    printf "%d,Title %d,\"Drama, %s\",TV,12,7.5,100\n", 5000 + i, i, i % 3 ? "School" : "Space" > "anime.csv"
    printf "%d,Film %d (1999),%s\n", i, i, genre(i) > "ml-latest-small/movies.csv"
    printf "%d::Film %d (1999)::%s\n", i, i, genre(i) > "ml-1m/movies.dat"
    printf "%d|Film %d (1999)|01-Jan-1999|||0|0|0|0|0|%d|0|0|%d|0|0|0|0|0|0|0|0|0|0\n", i, i, !(i % 3), !!(i % 3) > "ml-100k/u.item"
    printf "%d\tFilm %d\t%s\n", i, i, i % 3 ? "Drama" : "Comedy" > "ml-100k.item"
    printf "{'asin': 'B%d', 'title': 'Disc %d', 'categories': [['CDs', '%s']]}\n", i, i, i % 3 ? "Rock" : "Folk" > "meta_Digital_Music.json"
    printf "{\"asin\": \"B%d\", \"title\": \"Soap %d\", \"category\": [\"Beauty\", \"%s\"]}\n", i, i, i % 3 ? "Bath" : "Hair" > "meta_All_Beauty.json"
    printf "{\"parent_asin\": \"B%d\", \"title\": \"Card %d\", \"categories\": [\"Gifts\", \"%s\"]}\n", i, i, i % 3 ? "Paper" : "Film" > "meta_Gift_Cards.jsonl"
    printf "{\"business_id\": \"b%d\", \"name\": \"Diner %d\", \"state\": \"%s\", \"categories\": \"Food, %s\"}\n", i, i, i < 25 ? "MO" : "PA", i % 3 ? "Bars" : "Bakeries" > "yelp_academic_dataset_business.json"
  }
  for (u = 1; u <= 40; ++u)
    for (k = 0; k < 9; ++k) {
      i = (u * 5 + k * 7) % 30
      like = liked(u, i)
      stars = like ? 5 : 2
      time = 1500000000 + 86400 * k + u
      printf "%d,%d,%d\n", u, 5000 + i, like ? 9 : 4 > "rating.csv"
      printf "%d,%d,%d.0,%d\n", u, i, stars, time > "ml-latest-small/ratings.csv"
      printf "%d::%d::%d::%d\n", u, i, stars, time > "ml-1m/ratings.dat"
      printf "%d\t%d\t%d\t%d\n", u, i, stars, time > "ml-100k/u.data"
      printf "%d\t%d\t%d\t%d\n", u, i, stars, time > "ml-100k.inter"
      review = sprintf("{\"reviewerID\": \"A%d\", \"asin\": \"B%d\", \"overall\": %d.0, \"unixReviewTime\": %d, \"reviewText\": \"%s\"}", u, i, stars, time, text(like))
      print review > "reviews_Digital_Music_5.json"
      print review > "All_Beauty_5.json"
      printf "{\"rating\": %d.0, \"title\": \"So\", \"text\": \"%s\", \"asin\": \"B%d\", \"parent_asin\": \"B%d\", \"user_id\": \"A%d\", \"timestamp\": %d000}\n", stars, text(like), i, i, u, time > "Gift_Cards.jsonl"
      printf "{\"review_id\": \"r%d-%d\", \"user_id\": \"u%d\", \"business_id\": \"b%d\", \"stars\": %d.0, \"text\": \"%s\", \"date\": \"2018-07-%02d 22:09:%02d\"}\n", u, k, u, i, stars, text(like), k + 1, u > "yelp_academic_dataset_review.json"
    }
}
