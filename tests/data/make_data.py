#!/usr/bin/env python3
"""Writes the small invented data sets beside it, one folder for each format that throng reads.

They are laid out byte for byte as the published ones are: Latin-1 and CRLF where those have them,
Python literals in Amazon's 2014 metadata and in Yelp's attributes, entities in texts.
"""
import gzip
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent


def write(name, text, encoding="utf-8", compress=False):
    path = HERE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode(encoding)
    path.write_bytes(gzip.compress(data, mtime=0) if compress else data)


def lines(rows, **options):
    return "".join(json.dumps(row, **options) + "\n" for row in rows)


def amazon_2014():
    mara = {"reviewerID": "A1KITEFLYER01", "reviewerName": 'Mara "wind" Lo'}
    write("amazon_2014/reviews_Kites_5.json.gz", lines([
        {**mara, "asin": "B000KITE01", "helpful": [2, 3], "overall": 5.0, "summary": "A joy",
         "reviewText": "Flies high in light wind. The line tangles &amp; the reel is small.",
         "unixReviewTime": 1275955200, "reviewTime": "06 8, 2010"},
        {"reviewerID": "A2GUSTYDAY002", "asin": "B000KITE01", "helpful": [0, 0], "overall": 1.0,
         "reviewText": "Tore on the first day.<br />Seams are weak.", "summary": "Broken",
         "unixReviewTime": 1276041600, "reviewTime": "06 9, 2010"},
        {**mara, "asin": "B000KITE02", "helpful": [0, 0], "reviewText": "", "overall": 3.0,
         "summary": "Okay", "unixReviewTime": 1265955200, "reviewTime": "02 12, 2010"},
        {"reviewerID": "A3BEACHDAD003", "asin": "B000KITE02", "reviewerName": "Ren\u00e9",
         "helpful": [1, 1], "reviewText": "Sturdy frame, bright colours. \u2764", "overall": 4.0,
         "summary": "Sturdy", "unixReviewTime": 1285955200, "reviewTime": "10 1, 2010"},
    ]), compress=True)
    write("amazon_2014/meta_Kites.json.gz", "".join(repr(row) + "\n" for row in [
        {"asin": "B000KITE01", "title": "Delta Kite &quot;Swift&quot;", "price": 14.95,
         "imUrl": "http://example.com/1.jpg", "related": {"also_bought": ["B000KITE02"]},
         "salesRank": {"Toys & Games": 1234}, "brand": "WindCo",
         "categories": [["Toys & Games", "Outdoor", "Kites"], ["Toys & Games", "Gifts"]],
         "description": "A delta kite that's easy to fly."},
        {"asin": "B000KITE02", "categories": [["Toys & Games", "Outdoor", "Kites"]]},
        {"asin": "B000KITE09", "title": "Nobody reviewed this", "categories": [["Toys & Games"]]},
    ]), compress=True)


def amazon_2018():
    twice = {"overall": 4.0, "verified": True, "reviewTime": "05 3, 2016",
             "reviewerID": "A1KITEFLYER01", "asin": "B000SOAP01", "style": {"Size:": " 7.0 oz"},
             "reviewerName": "Mara", "reviewText": "Smells of pine.", "summary": "Four Stars",
             "unixReviewTime": 1462233600}
    gus = {"reviewerID": "A2GUSTYDAY002", "reviewerName": "Gus"}
    write("amazon_2018/Soap_5.json.gz", lines([
        twice, twice,
        {**gus, "overall": 2.0, "vote": "25", "verified": False, "reviewTime": "05 4, 2016",
         "asin": "B000SOAP01", "summary": "Dries my skin", "unixReviewTime": 1462320000,
         "image": ["http://example.com/2.jpg"]},
        {**gus, "overall": 5.0, "verified": True, "reviewTime": "05 5, 2016",
         "asin": "B000SOAP02", "reviewText": "Great &amp;amp; cheap", "summary": "Five Stars",
         "unixReviewTime": 1462406400},
    ]), compress=True)
    write("amazon_2018/meta_Soap.json.gz", lines([
        {"category": ["All Beauty", "Bath", "Soap"], "description": ["<p>Hand made.</p>", "Oil."],
         "title": "Pine Soap", "also_buy": [], "feature": ["7 oz", "Vegan &amp; kind"],
         "brand": "Forest &amp; Co", "rank": ["1,234 in Beauty"], "main_cat": "All Beauty",
         "details": {"ASIN:": "B000SOAP01"}, "price": "$85.00", "asin": "B000SOAP01"},
        {"category": [], "description": [], "brand": "", "feature": [], "rank": "9 in Beauty",
         "title": "var aPageStart = (new Date()).getTime();", "main_cat": "All Beauty",
         "price": "$1,085.00 - $1,200.00", "asin": "B000SOAP02"},
    ]), compress=True)


def amazon_2023():
    first, second = "AGKHLEW2SOWHNMFQIJGBECAF7INQ", "AHV6QCNBJNSGLATP56JAWJ3C4G2A"
    write("amazon_2023/Mugs.jsonl", lines([
        {"rating": 5.0, "title": "Such a lovely mug", "text": "Keeps tea hot.<br />Love it",
         "images": [], "asin": "B00MUG0RED", "parent_asin": "B00MUG0001", "user_id": first,
         "timestamp": 1588687728923, "helpful_vote": 0, "verified_purchase": True},
        {"rating": 2.0, "title": "Chipped", "text": "Arrived chipped.", "images": [],
         "asin": "B00MUG0BLU", "parent_asin": "B00MUG0001", "user_id": second,
         "timestamp": 1588687728001, "helpful_vote": 1, "verified_purchase": False},
        {"rating": 1.0, "title": "Second thoughts", "text": "Leaks now.", "images": [],
         "asin": "B00MUG0BLU", "parent_asin": "B00MUG0001", "user_id": first,
         "timestamp": 1598687728923, "helpful_vote": 0, "verified_purchase": True},
        {"rating": 4.0, "title": "Fine", "text": "Plain and fine.", "images": [],
         "asin": "B00MUG0002", "parent_asin": "B00MUG0002", "user_id": second,
         "timestamp": 1508687728001, "helpful_vote": 1, "verified_purchase": False},
    ]))
    write("amazon_2023/meta_Mugs.jsonl", lines([
        {"main_category": "Amazon Home", "title": "Stoneware Mug", "average_rating": 4.5,
         "rating_number": 12, "features": ["Holds 12 oz", "Dishwasher safe"],
         "description": ["A mug."], "price": 19.99, "images": [], "videos": [],
         "store": "Clayworks", "categories": ["Home & Kitchen", "Kitchen & Dining", "Mugs"],
         "details": {"Colour": "red"}, "parent_asin": "B00MUG0001", "bought_together": None},
    ]))
    write("amazon_2023/ratings_Mugs.csv",
          "user_id,parent_asin,rating,timestamp\n"
          f"{first},B00MUG0001,5.0,1588687728923\n{second},B00MUG0001,2.0,1588687728001\n")


def yelp():
    diner, cafe = "Pns2l4eNsfO8kk83dixA6A", "mpf3x-BjTdTEA3yCZrAYPw"
    elsewhere = "tUFrWirKiKi_TAnsVWINQQ"
    one, two = "mh_-eMZ6K5RLWhZyISBhwA", "OyoGAe7OKpv6SyGZT5g77Q"
    write("yelp/yelp_academic_dataset_business.json", lines([
        {"business_id": diner, "name": "Arch Diner", "city": "St. Louis", "state": "MO",
         "stars": 4.0, "review_count": 3, "is_open": 1,
         "attributes": {"BusinessAcceptsCreditCards": "True", "WiFi": "u'free'",
                        "BusinessParking": "{'garage': False, 'street': True, 'lot': None}",
                        "RestaurantsPriceRange2": "2", "Alcohol": "'none'"},
         "categories": "Diners, Breakfast & Brunch, Restaurants",
         "hours": {"Monday": "8:0-18:30"}},
        {"business_id": cafe, "name": "Gateway Caf\u00e9", "city": "St. Louis", "state": "MO",
         "stars": 3.0, "review_count": 2, "is_open": 0, "attributes": None, "categories": None,
         "hours": None},
        {"business_id": elsewhere, "name": "Elsewhere", "city": "Tucson", "state": "AZ",
         "stars": 3.5, "review_count": 1, "is_open": 1, "attributes": None,
         "categories": "Shopping", "hours": None},
    ], ensure_ascii=False))
    votes = {"useful": 0, "funny": 0, "cool": 1}
    write("yelp/yelp_academic_dataset_review.json", lines([
        {"review_id": "r1", "user_id": one, "business_id": diner, "stars": 5.0, **votes,
         "text": "Best pancakes.\n\nWill return <3", "date": "2018-07-07 22:09:11"},
        {"review_id": "r2", "user_id": two, "business_id": elsewhere, "stars": 1.0, **votes,
         "text": "Closed early.", "date": "2012-01-03 15:28:18"},
        {"review_id": "r3", "user_id": two, "business_id": cafe, "stars": 2.0, **votes,
         "text": "Cold coffee \u2639", "date": "2014-02-05 20:30:30"},
        {"review_id": "r4", "user_id": one, "business_id": cafe, "stars": 4.0, **votes,
         "text": "Nice seats.", "date": "2011-10-26 03:42:10"},
    ], ensure_ascii=False))


def anime():
    write("anime/anime.csv",
          "anime_id,name,genre,type,episodes,rating,members\n"
          '32281,Kimi no Na wa.,"Drama, Romance, School, Supernatural",Movie,1,9.37,200630\n'
          '9969,"Gintama&#039;, again","Action, Comedy",TV,51,9.16,151266\n'
          "30,Lost in Transit,,OVA,Unknown,,23\n")
    write("anime/rating.csv",
          "user_id,anime_id,rating\n1,32281,10\n1,9969,-1\n2,9969,7\n2,32281,9\n3,30,4\n")


def movielens():
    def flags(*genres):
        return "|".join("1" if i in genres else "0" for i in range(19))

    write("movielens_100k/u.data",
          "196\t242\t3\t881250949\n186\t302\t3\t891717742\n22\t377\t1\t878887116\n"
          "196\t302\t5\t881250000\n")
    write("movielens_100k/u.item",
          f"242|Kolya (1996)|24-Jan-1997||http://example.com/Kolya%20(1996)|{flags(5)}\n"
          f"302|Mis\u00e9rables, Les (1995)|01-Jan-1995||http://example.com/M|{flags(8, 12)}\n"
          f"377|unknown||||{flags(0)}\n", encoding="latin-1")
    write("movielens_1m/ratings.dat",
          "1::1193::5::978300760\n1::661::3::978302109\n2::1193::4::978298413\n")
    write("movielens_1m/movies.dat",
          "1193::Cit\u00e9: A Story::Part 2 (1975)::Drama\n"
          "661::James and the Giant Peach (1996)::Animation|Children's|Musical\n",
          encoding="latin-1")
    write("movielens_latest/ratings.csv",
          "userId,movieId,rating,timestamp\r\n1,1,4.0,964982703\r\n1,3,0.5,964981247\r\n"
          "5,1,4.5,847434962\r\n")
    write("movielens_latest/movies.csv",
          "movieId,title,genres\r\n1,Toy Story (1995),Adventure|Animation|Comedy\r\n"
          '3,"American President, The (2001) ",(no genres listed)\r\n')


def recbole():
    write("recbole/tiny.inter",
          "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
          "u1\ti1\t4.0\t886397596\nu2\ti2\t\t886397597\nu1\ti2\t2\t8.86397595e8\n")
    write("recbole/tiny.item",
          "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\t"
          "studio:token\tprice:float\n"
          "i1\tToy Story\t1995\tAnimation Comedy\tPixar\t12.5\n"
          'i2\tHeat "uncut"\t1987\tCrime\t\t\n')


def csv():
    write("csv/visits.csv",
          "who,what,stars,when,remark\n"
          'ann,museum,5,2024-05-01 10:00:00,"Loved it, all of it.\nTwo lines, a ""quote""."\n'
          "bob,museum,2,2024-05-02 09:30:00,Crowded\n"
          "ann,zoo,,2024-04-01 10:00:00,no stars given\n"
          "ann,park,3,2024-04-30 10:00:00,\n")
    write("csv/visits.tsv", "user\titem\trating\nann\tmuseum\t5\nbob\tmuseum\t2\n")


if __name__ == "__main__":
    for make in (amazon_2014, amazon_2018, amazon_2023, yelp, anime, movielens, recbole, csv):
        make()
